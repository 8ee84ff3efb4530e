import { type HostMessage, isProgram, SoloError, type StoppedInstance } from "../api/index.ts";
import { exitOfLost, mayBeStopped } from "./adopt.ts";
import type { HostPeer, TellHost } from "./control.ts";
import type { EarlyHost } from "./early-host.ts";
import { InstanceState } from "./instance-state.ts";
import { isPortFree } from "./ports.ts";
import { ProcessRun } from "./process-run.ts";
import { decideRestart, describeExit, noRestarts, type ProcessExit, type RestartHistory } from "./restart-policy.ts";
import type { InstanceRecord } from "./runtime.ts";
import { notReadyInTime } from "./start-failure.ts";
import { type StopOptions, stopProcess } from "./stop-process.ts";
import { type Judgement, standing, type VitalsOptions } from "./vitals.ts";

/** How long a process that failed its liveness probe gets between SIGTERM and SIGKILL. */
const unwellGraceMs = 5_000;
/** So often a start is repeated at once because another program took the port that was free a moment before. */
const maxPortRetries = 3;

const unknownExit: ProcessExit = { code: null, signal: null, known: false };
/** One supervised instance of a revision: at most one process at a time, restarted by the service's policy. */
export class Instance extends InstanceState {
  #history: RestartHistory = noRestarts;
  #run: ProcessRun | undefined;
  #readySince: number | undefined;
  #graceTimer: ReturnType<typeof setTimeout> | undefined;
  #unwell: string | undefined;
  #portRetries = 0;
  #stopping: Promise<StoppedInstance> | undefined;
  #hurry = new AbortController();

  get pid(): number | null {
    return this.#run?.pid ?? null;
  }

  get uptimeMs(): number {
    return this.#run?.uptimeMs ?? 0;
  }
  /** Wall time of the process's start in milliseconds; null while none runs. */
  get startedAt(): number | null {
    return this.pid === null ? null : (this.#run?.startedAt ?? null);
  }

  /** Starts a process, if none was started early. A failure counts as its end: the restart policy decides what follows. */
  start(early?: EarlyHost): void {
    const { spec, mentionsPort } = this.plan;
    const host = early?.ifWaiting();
    [this.failure, this.#unwell, this.adopted] = [undefined, undefined, false];
    try {
      this.port = host?.port ?? this.owner.ports.choose(spec.fixed_port);
      this.serves = isProgram(spec.kind) && (spec.fixed_port !== undefined || mentionsPort);
      this.journal.intend(this.#facts());
      this.#run = ProcessRun.launch(this.#context(), this.port, host);
      host?.handOver(this.plan, (tell) => this.peerOf(host.process.pid, tell));
    } catch (error) {
      host?.dismiss();
      const failure = SoloError.from(error);
      this.#unwell = failure.message;
      this.journal.note(failure.message);
      this.#endOfProcess(unknownExit, failure);
      return;
    }
    this.journal.save(this.#facts());
    this.journal.emit("instance_started", { pid: this.pid, port: this.port, revision: this.plan.revision });
    this.#watch(this.#run, null);
  }

  /**
   * Takes over the process that a former kernel kept in `record`.
   * @returns false when that process is gone: `salvage` then tells how it ended
   */
  adopt(record: InstanceRecord): boolean {
    this.journal.isKnown = true;
    this.port = record.port;
    this.serves = record.serves;
    this.restarts = record.restarts;
    if (this.plan.spec.fixed_port === undefined) this.owner.ports.hold(record.port);
    this.#run = ProcessRun.adopt(this.#context(), record);
    if (this.pid === null) return false;
    this.adopted = true;
    if (mayBeStopped(this.pid, this.plan.spec)) this.#run.goOn();
    const found = standing(record.state);
    this.journal.save(this.#facts(record.state));
    this.journal.emit("instance_adopted", { pid: this.pid, port: this.port, revision: this.plan.revision });
    this.#watch(this.#run, found);
    if (found !== null) this.move("well", null);
    if (found === "unwell") this.move("unwell", "unhealthy when it was adopted");
    if (found !== "well") return true;
    this.#readySince = this.runtime.clock.monotonic();
    if (this.serves) this.runtime.routes.add(this.plan.ref, this.id, this.port);
    return true;
  }

  /** Goes on with the pause before a restart that a former kernel had begun. */
  resume({ state, restarts }: InstanceRecord): void {
    this.#forgetProcess();
    this.restarts = restarts;
    const looping = state === "crash_loop";
    this.#history = { restarts: [], consecutive: 1, looping };
    this.move(looping ? "loop" : "retry_later", "waiting to start again");
    this.owner.restartDue(this, this.plan.spec.restart.backoff_min_ms);
  }

  /**
   * Ends what a process left behind that ended while no kernel ran, keeps its last output, and tells how it ended.
   * @param strays further processes that are known to be the instance's
   */
  async salvage(
    { pid, startTime }: InstanceRecord,
    strays: readonly { readonly pid: number; readonly startTime: number }[],
  ): Promise<ProcessExit> {
    const root = pid === null || startTime === null ? undefined : { pid, startTime };
    const trees = root === undefined ? strays : [root, ...strays];
    await Promise.all(trees.map((tree) => this.#run?.endTreeOf(tree, 0, this.#hurry.signal)));
    await this.#run?.drainOutput();
    return root === undefined ? unknownExit : exitOfLost(this.runtime, root);
  }

  /** Handles the end of a process that this kernel never saw, by the restart policy. */
  conclude(exit: ProcessExit): void {
    this.noteExit(exit, this.#unwell);
    this.#endOfProcess(exit);
  }

  /** The process with this pid, as the peer of its host; undefined when it is not the one that runs now. */
  peerOf(pid: number, tell: TellHost): HostPeer | undefined {
    const run = this.#run;
    const receive = (message: HostMessage) => run !== undefined && this.#run === run && this.#receive(run, message);
    return run?.pid === pid ? run.connect(tell, receive) : undefined;
  }

  /** Its present process: what methods are called in, and an agent is asked of. Undefined while there is none. */
  get process(): Pick<ProcessRun, "call" | "traceOf" | "agent" | "pause" | "goOn" | "isPaused"> | undefined {
    return this.#run;
  }

  probes(): ReturnType<ProcessRun["probes"]> {
    return this.#run?.probes() ?? [];
  }

  /** Ends the pause before a restart, or starts an instance that had stopped. */
  retry(): void {
    if (!this.move("retry", null)) return;
    this.#stopping = undefined;
    this.#hurry = new AbortController();
    this.#portRetries = 0;
    this.start();
  }

  /**
   * Stops the process: drain, SIGTERM, grace, SIGKILL, then the proof that nothing of its tree is left. A second call joins
   * the first, and hastens it.
   * @throws SoloError `stop_failed` naming the pids that remain
   */
  stop(options: StopOptions = {}): Promise<StoppedInstance> {
    if (this.#stopping !== undefined) this.hasten(options);
    this.#stopping ??= this.#stop(options).catch((error: unknown) => {
      this.#stopping = undefined;
      throw error;
    });
    return this.#stopping;
  }

  /** Shortens a stop that is under way to what is left of these options; forced, also one that comes. */
  hasten({ force = false, graceMs }: StopOptions): void {
    const hurry = this.#hurry;
    if (force) hurry.abort();
    else if (graceMs !== undefined && this.#stopping !== undefined) setTimeout(() => hurry.abort(), graceMs).unref();
  }

  /** Lets go of the process without touching it: it goes on, for the next kernel to adopt. */
  release(): void {
    clearTimeout(this.#graceTimer);
    const run = this.#run;
    this.#run = undefined;
    run?.release();
  }

  /** Forgets an instance without a process: its record, its FIFOs. */
  discard(): void {
    this.#forgetProcess();
    this.journal.remove();
    this.runtime.routes.remove(this.plan.ref, this.id);
    this.journal.removeFifos();
  }

  #context() {
    const { runtime, plan, id, key, recovery } = this;
    return { runtime, plan, id, key, recovery, roots: this.owner.roots };
  }

  #facts(state: string = this.state) {
    return {
      state,
      pid: this.pid,
      startTime: this.#run?.startTime ?? null,
      port: this.port,
      serves: this.serves,
      shape: this.#run?.shape ?? null,
      started: this.startedAt ?? this.runtime.clock.now(),
      restarts: this.restarts,
    };
  }

  #watch(run: ProcessRun, found: VitalsOptions["found"]): void {
    const current = () => this.#run === run;
    void this.awaitListener(current, () => this.journal.save(this.#facts()));
    if (found === null) this.#graceTimer = setTimeout(() => this.#outOfGrace(), this.plan.spec.health.grace_ms);
    run.watch(
      found,
      (judgement) => {
        if (current()) this.#judged(judgement);
      },
      (exit) => {
        if (current()) void this.#exited(run, exit);
      },
    );
  }

  #receive(run: ProcessRun, message: HostMessage): void {
    if (message.type === "ready") this.serves = message.port !== null;
    run.receive(message);
  }

  #judged(judgement: Judgement): void {
    if (judgement.kind === "well") this.#becomeReady("well", null);
    else if (judgement.kind === "impaired") this.#becomeReady("impaired", judgement.reason);
    else if (judgement.kind === "unwell") this.#becomeUnready(judgement.reason);
    else if (judgement.kind === "dead") void this.putDown(judgement.reason);
  }

  #becomeReady(event: "well" | "impaired", reason: string | null): void {
    const before = this.isReady;
    if (!this.move(event, reason)) return;
    clearTimeout(this.#graceTimer);
    if (before) return;
    this.#readySince = this.runtime.clock.monotonic();
    if (this.serves) this.runtime.routes.add(this.plan.ref, this.id, this.port);
    this.journal.save(this.#facts());
    const port = this.serves ? this.port : null;
    this.journal.emit("instance_ready", { pid: this.pid, port, took_ms: this.uptimeMs });
  }

  #becomeUnready(reason: string): void {
    if (!this.move("unwell", reason)) return;
    this.#readySince = undefined;
    this.runtime.routes.remove(this.plan.ref, this.id);
    this.journal.save(this.#facts());
    this.journal.emit("instance_unhealthy", { reason });
  }

  #outOfGrace(): void {
    if (this.state === "starting") void this.putDown(notReadyInTime(this.plan.spec, this.probes(), this.reason));
  }

  /** Ends a process that is no use any more; its end is then handled like a crash. */
  async putDown(reason: string, graceMs = unwellGraceMs): Promise<void> {
    if (this.#unwell !== undefined || this.#run === undefined || this.#stopping !== undefined) return;
    this.#unwell = reason;
    this.recovery?.lost(this.#run.silenceMs);
    this.journal.note(reason);
    this.move("unwell", reason);
    this.runtime.routes.remove(this.plan.ref, this.id);
    this.journal.emit("instance_unhealthy", { reason });
    await this.#run.endTree(Math.min(this.plan.spec.stop_grace_ms, graceMs), this.#hurry.signal);
  }

  async #exited(run: ProcessRun, exit: ProcessExit): Promise<void> {
    this.runtime.routes.remove(this.plan.ref, this.id);
    this.noteExit(exit, this.#unwell);
    if (this.#stopping !== undefined) return;
    this.recovery?.lost(0);
    // What the process left behind would hold its port and its output: the tree goes with its root.
    await run.endTree(0, this.#hurry.signal);
    await Promise.all([run.drainOutput(), run.lastWords()]);
    if (this.#stopping === undefined && this.#run === run) this.#endOfProcess(exit);
  }

  #endOfProcess(exit: ProcessExit, error?: SoloError): void {
    const stableMs = this.#readySince === undefined ? 0 : this.runtime.clock.monotonic() - this.#readySince;
    const hostFailure = this.#run?.hostFailure;
    const reason = hostFailure?.message ?? this.#unwell ?? describeExit(exit);
    if (this.lastExit !== undefined && error === undefined) this.lastExit = { ...this.lastExit, reason };
    this.failure = { reason, exit, frame: hostFailure?.frame ?? null, error };
    const isTaken = this.#portWasTaken();
    this.#forgetProcess();
    // One that could not be stopped has ended after all: nobody wants it back.
    if (this.state === "draining" || this.state === "stopping") this.#gone();
    else if (isTaken) this.start();
    else this.#followPolicy(exit, reason, stableMs);
  }

  #followPolicy(exit: ProcessExit, reason: string, stableMs: number): void {
    const { clock } = this.runtime;
    const end = { exit, unwell: this.#unwell !== undefined, stableMs, now: clock.monotonic() };
    const decision = decideRestart(this.plan.spec.restart, this.#history, end, this.runtime.random());
    if (decision.action === "restart") {
      this.#history = decision.history;
      this.restarts += 1;
      this.move(decision.crashLoop ? "loop" : "retry_later", reason);
      this.journal.save(this.#facts());
      if (decision.crashLoop) this.journal.emit("crash_loop", { reason, delay_ms: decision.delayMs });
      this.owner.restartDue(this, decision.delayMs);
    } else {
      if (decision.action === "complete") this.failure = undefined;
      this.move(decision.action, decision.action === "fail" ? reason : null);
      this.journal.remove();
    }
  }

  /** Whether a start failed because, between the choice of its port and its bind, another program had taken it. */
  #portWasTaken(): boolean {
    const isOurs = this.plan.spec.fixed_port !== undefined || this.#run === undefined;
    if (isOurs || this.state !== "starting" || this.#unwell !== undefined || isPortFree(this.port)) return false;
    this.#portRetries += 1;
    return this.#portRetries <= maxPortRetries;
  }

  async #stop({ force = false, graceMs = this.plan.spec.stop_grace_ms }: StopOptions): Promise<StoppedInstance> {
    const [run, pid] = [this.#run, this.pid];
    clearTimeout(this.#graceTimer);
    this.move("drain", null);
    if (run !== undefined) {
      const onDrained = () => void this.move("stop", null);
      const plan = { id: this.id, plan: this.plan, graceMs: force ? 0 : graceMs, hurry: this.#hurry.signal, onDrained };
      await stopProcess(run, this.runtime, plan);
    }
    const { code: exit_code, signal } = run?.exit ?? unknownExit;
    this.#forgetProcess();
    this.move("stop", null);
    this.#gone();
    if (run !== undefined) this.journal.emit("instance_stopped", { exit_code, signal, asked: true });
    return { id: this.id, pid, exit_code, signal };
  }

  #gone(): void {
    this.move("gone", null);
    this.journal.remove();
  }

  #forgetProcess(): void {
    clearTimeout(this.#graceTimer);
    if (this.plan.spec.fixed_port === undefined) this.owner.ports.release(this.port);
    this.#run?.forget();
    this.runtime.secrets.withdraw(this.id);
    this.runtime.tokens.withdraw(this.id);
    this.#run = undefined;
    this.#readySince = undefined;
  }
}
