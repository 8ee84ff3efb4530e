import { type HostMessage, hostVariables, type InstanceState, SoloError, type StoppedInstance } from "../api/index.ts";
import { bootId } from "../system/index.ts";
import { adoptProcess } from "./adopt.ts";
import type { HostPeer } from "./control.ts";
import { endTree } from "./end-tree.ts";
import { type InstanceEvent, transition } from "./instance-machine.ts";
import { captureOutput, fifoPaths, launchProcess, type OutputCaptures, type ProcessHandle } from "./launch.ts";
import type { PortAllocator } from "./ports.ts";
import { decideRestart, describeExit, noRestarts, type ProcessExit, type RestartHistory } from "./restart-policy.ts";
import type { InstanceRecord, LaunchPlan, SuperviseRuntime } from "./runtime.ts";
import { type Judgement, Vitals } from "./vitals.ts";

/** After a process's end: how long its last output may take to reach the log before the end is acted on. */
const outputDrainMs = 1_000;
/** How long a process that failed its liveness probe gets between SIGTERM and SIGKILL. */
const unwellGraceMs = 5_000;

export interface InstanceOwner {
  /** The pids of all instances' processes, which are nobody's orphans. */
  readonly roots: Set<number>;
  /** Something about the instance changed that others may show or wait for. */
  changed(instance: Instance): void;
  /**
   * The instance failed and is due to start again after `delayMs`. The owner calls `retry` then, on this instance and on
   * those that its group's strategy restarts together with it.
   */
  restartDue(instance: Instance, delayMs: number): void;
}

export interface InstanceFailure {
  readonly reason: string;
  readonly exit: ProcessExit | undefined;
  /** Stack and code frame of a module that could not be started. */
  readonly frame: string | null;
}

/** One supervised instance of a revision: at most one process at a time, restarted by the service's policy. */
export class Instance implements HostPeer {
  readonly id: string;
  readonly plan: LaunchPlan;
  key: string;
  state: InstanceState = "starting";
  reason: string | null = null;
  pid: number | null = null;
  /** The port it was told to use; 0 before the first start. */
  port = 0;
  /** Whether it listens on its port, as far as is known. */
  serves = false;
  adopted = false;
  restarts = 0;
  /** Wall time of the process's start in milliseconds; null while none runs. */
  startedAt: number | null = null;
  lastExit: (ProcessExit & { readonly time: number; readonly reason: string }) | undefined;
  failure: InstanceFailure | undefined;

  readonly #runtime: SuperviseRuntime;
  readonly #ports: PortAllocator;
  readonly #owner: InstanceOwner;
  #history: RestartHistory = noRestarts;
  #process: ProcessHandle | undefined;
  #captures: OutputCaptures | undefined;
  #vitals: Vitals | undefined;
  #readySince: number | undefined;
  #graceTimer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #unwell: string | undefined;
  #hostFailure: Extract<HostMessage, { type: "failed" }> | undefined;
  #stopping: Promise<StoppedInstance> | undefined;
  #ended: Promise<void> = Promise.resolve();
  #hurry = new AbortController();

  constructor(
    runtime: SuperviseRuntime,
    ports: PortAllocator,
    owner: InstanceOwner,
    plan: LaunchPlan,
    id: string,
    key: string,
  ) {
    this.#runtime = runtime;
    this.#ports = ports;
    this.#owner = owner;
    this.plan = plan;
    this.id = id;
    this.key = key;
  }

  get isReady(): boolean {
    return this.state === "ready" || this.state === "degraded";
  }

  get startTime(): number | null {
    return this.#process?.startTime ?? null;
  }

  /** Starts a process. A failure to start counts as an end of the process, so that the restart policy decides what follows. */
  start(): void {
    const { spec } = this.plan;
    this.failure = undefined;
    this.#hostFailure = undefined;
    this.#unwell = undefined;
    this.adopted = false;
    try {
      this.port = spec.fixed_port ?? this.#ports.take();
      this.serves = spec.kind === "command" && (spec.fixed_port !== undefined || this.plan.mentionsPort);
      this.#captures = captureOutput(this.#runtime, this.plan, this.id);
      this.#save(null);
      this.#process = launchProcess(this.#runtime, this.plan, this);
    } catch (error) {
      const failure = SoloError.from(error);
      this.#runtime.logs.note(this.plan.ref, this.id, failure.message);
      this.#unwell = failure.message;
      this.#endOfProcess({ code: null, signal: null, known: false });
      return;
    }
    this.pid = this.#process.pid;
    this.#owner.roots.add(this.pid);
    this.startedAt = this.#runtime.clock.now();
    this.#save(this.#process);
    this.#emit("instance_started", { pid: this.pid, port: this.port, revision: this.plan.revision });
    this.#watch(this.#process, false);
    this.#graceTimer = setTimeout(() => this.#outOfGrace(), spec.health.grace_ms);
  }

  /**
   * Takes over the process that a former kernel kept in `record`.
   * @returns false when that process is gone: `salvage` then tells how it ended
   */
  adopt(record: InstanceRecord): boolean {
    this.port = record.port;
    this.serves = record.serves;
    this.restarts = record.restarts;
    if (this.plan.spec.fixed_port === undefined) this.#ports.hold(record.port);
    this.#captures = captureOutput(this.#runtime, this.plan, this.id);
    const process = adoptProcess(this.#runtime, record, bootId());
    if (process === undefined) return false;
    this.#process = process;
    this.pid = process.pid;
    this.#owner.roots.add(process.pid);
    this.startedAt = record.started;
    this.adopted = true;
    const wasReady = record.state === "ready" || record.state === "degraded";
    this.#emit("instance_adopted", { pid: this.pid, port: this.port, revision: this.plan.revision });
    this.#watch(process, wasReady);
    if (wasReady) this.#judged({ kind: "well" });
    else this.#graceTimer = setTimeout(() => this.#outOfGrace(), this.plan.spec.health.grace_ms);
    return true;
  }

  /** Keeps the last output of a process that ended while no kernel ran, ends what it left behind, and tells how it ended. */
  async salvage(record: InstanceRecord): Promise<ProcessExit> {
    const { pid, startTime } = record;
    if (pid === null || startTime === null) return { code: null, signal: null, known: false };
    await this.#endTreeOf({ pid, startTime }, this.plan.spec.stop_grace_ms);
    await this.#drainOutput();
    return this.#runtime.formerExit({ pid, startTime }, 0);
  }

  /** Handles the end of a process that this kernel never saw, by the restart policy. */
  conclude(exit: ProcessExit): void {
    this.#endOfProcess(exit);
  }

  receive(message: HostMessage): void {
    if (message.type === "ready") {
      this.serves = message.port !== null;
      if (message.port !== null) this.port = message.port;
    } else if (message.type === "failed") {
      this.#hostFailure = message;
      return;
    }
    this.#vitals?.receive(message);
  }

  disconnected(): void {
    // The host reconnects by itself; a process that is gone is noticed by its exit.
  }

  probes(): ReturnType<Vitals["records"]> {
    return this.#vitals?.records() ?? [];
  }

  /** Ends the pause before a restart, or starts an instance that had stopped. */
  retry(): void {
    clearTimeout(this.#retryTimer);
    if (transition(this.state, "retry") === this.state) return;
    this.#move("retry", null);
    this.#stopping = undefined;
    this.#hurry = new AbortController();
    this.start();
  }

  /** Counts a restart that the instance's own failure did not cause. */
  countRestart(): void {
    this.restarts += 1;
  }

  /**
   * Stops the process: drain, SIGTERM, grace, SIGKILL, then the proof that nothing of its tree is left.
   * @throws SoloError `stop_failed` naming the pids that remain
   */
  stop(options: { readonly force?: boolean; readonly graceMs?: number } = {}): Promise<StoppedInstance> {
    this.#stopping ??= this.#stop(options).catch((error: unknown) => {
      this.#stopping = undefined;
      throw error;
    });
    return this.#stopping;
  }

  /** Cuts the grace of a stop that is under way, or of the next one, to nothing. */
  hurry(): void {
    this.#hurry.abort();
  }

  /** Lets go of the process without touching it: it goes on, for the next kernel to adopt. */
  release(): void {
    clearTimeout(this.#graceTimer);
    clearTimeout(this.#retryTimer);
    this.#vitals?.stop();
    this.#captures?.stdout.close();
    this.#captures?.stderr.close();
  }

  /** Forgets a stopped instance: its record, its FIFOs. */
  discard(): void {
    this.release();
    this.#runtime.records.remove(this.id);
    this.#runtime.routes.remove(this.plan.ref, this.id);
    for (const fifo of fifoPaths(this.#runtime, this.id)) this.#runtime.guardian.drop(fifo);
  }

  #watch(process: ProcessHandle, wasReady: boolean): void {
    this.#vitals = new Vitals({
      plan: this.plan,
      port: this.port,
      clock: this.#runtime.clock,
      adopted: wasReady,
      onJudgement: (judgement) => {
        if (this.#process === process) this.#judged(judgement);
      },
    });
    this.#ended = process.exited.then((exit) => this.#exited(process, exit));
  }

  #judged(judgement: Judgement): void {
    switch (judgement.kind) {
      case "pending":
        return;
      case "well":
        this.#becomeReady("well", null);
        return;
      case "impaired":
        this.#becomeReady("impaired", judgement.reason);
        return;
      case "unwell":
        if (this.#move("unwell", judgement.reason)) {
          this.#runtime.routes.remove(this.plan.ref, this.id);
          this.#emit("instance_unhealthy", { reason: judgement.reason });
        }
        return;
      case "dead":
        void this.#putDown(judgement.reason);
    }
  }

  #becomeReady(event: "well" | "impaired", reason: string | null): void {
    const before = this.isReady;
    if (!this.#move(event, reason)) return;
    clearTimeout(this.#graceTimer);
    if (before) return;
    this.#readySince = this.#runtime.clock.monotonic();
    if (this.serves) this.#runtime.routes.add(this.plan.ref, this.id, this.port);
    if (this.#process !== undefined) this.#save(this.#process);
    const startMs = this.startedAt === null ? 0 : this.#runtime.clock.now() - this.startedAt;
    this.#emit("instance_ready", { pid: this.pid, port: this.serves ? this.port : null, took_ms: startMs });
  }

  #outOfGrace(): void {
    if (this.state !== "starting" && this.state !== "unhealthy") return;
    const probe = this.probes().find(({ record }) => record.ok !== true);
    const seen = probe === undefined ? "" : ` (${probe.role} probe: ${probe.record.message})`;
    void this.#putDown(`did not get ready within ${this.plan.spec.health.grace_ms} ms${seen}`);
  }

  /** Ends a process that is no use any more; its end is then handled like a crash. */
  async #putDown(reason: string): Promise<void> {
    if (this.#unwell !== undefined || this.#process === undefined || this.#stopping !== undefined) return;
    this.#unwell = reason;
    this.#runtime.logs.note(this.plan.ref, this.id, reason);
    this.#emit("instance_unhealthy", { reason });
    this.#runtime.routes.remove(this.plan.ref, this.id);
    await this.#endTree(Math.min(this.plan.spec.stop_grace_ms, unwellGraceMs));
  }

  async #exited(process: ProcessHandle, exit: ProcessExit): Promise<void> {
    if (this.#process !== process) return;
    this.#vitals?.stop();
    this.#runtime.routes.remove(this.plan.ref, this.id);
    if (this.#stopping !== undefined) {
      this.#noteExit(exit);
      return;
    }
    // What the process left behind would hold its port and its output: the tree goes with its root.
    await this.#endTree(0);
    await this.#drainOutput();
    this.#endOfProcess(exit);
  }

  #endOfProcess(exit: ProcessExit): void {
    clearTimeout(this.#graceTimer);
    const { clock } = this.#runtime;
    const stableMs = this.#readySince === undefined ? 0 : clock.monotonic() - this.#readySince;
    this.#noteExit(exit);
    this.failure = {
      reason: this.#hostFailure?.message ?? this.#unwell ?? describeExit(exit),
      exit,
      frame: this.#hostFailure?.frame ?? null,
    };
    this.#forgetProcess();
    if (this.#stopping !== undefined) return;
    const end = { exit, unwell: this.#unwell !== undefined, stableMs, now: clock.monotonic() };
    const decision = decideRestart(this.plan.spec.restart, this.#history, end, this.#runtime.random());
    if (decision.action === "restart") {
      this.#history = decision.history;
      this.restarts += 1;
      this.#move(decision.crashLoop ? "loop" : "retry_later", this.failure.reason);
      if (decision.crashLoop) this.#emit("crash_loop", { reason: this.failure.reason, delay_ms: decision.delayMs });
      this.#owner.restartDue(this, decision.delayMs);
    } else {
      this.#move(decision.action, decision.action === "fail" ? this.failure.reason : null);
      this.#runtime.records.remove(this.id);
    }
  }

  async #stop({
    force = false,
    graceMs,
  }: {
    readonly force?: boolean;
    readonly graceMs?: number;
  }): Promise<StoppedInstance> {
    const grace = force ? 0 : (graceMs ?? this.plan.spec.stop_grace_ms);
    const deadline = this.#runtime.clock.monotonic() + grace;
    const pid = this.pid;
    clearTimeout(this.#graceTimer);
    clearTimeout(this.#retryTimer);
    if (this.#process === undefined) {
      this.#move("stop", null);
      this.#runtime.records.remove(this.id);
      return { id: this.id, pid, exit_code: this.lastExit?.code ?? null, signal: this.lastExit?.signal ?? null };
    }
    this.#move("drain", null);
    if (!force)
      await Promise.race([this.#runtime.routes.drain(this.plan.ref, this.id, grace), aborted(this.#hurry.signal)]);
    this.#runtime.routes.remove(this.plan.ref, this.id);
    this.#move("stop", null);
    const left = await this.#endTree(Math.max(0, deadline - this.#runtime.clock.monotonic()));
    if (left.length > 0) {
      throw new SoloError(
        "stop_failed",
        `${this.plan.ref.name}: processes ${left.join(", ")} of ${this.id} are still there`,
        {
          hint: "they can't be killed: look at their state with ps -o pid,stat,wchan",
          applied: "unknown",
          details: { pids: left },
        },
      );
    }
    await this.#ended;
    await this.#drainOutput();
    this.#forgetProcess();
    this.#move("gone", null);
    this.#runtime.records.remove(this.id);
    this.#emit("instance_stopped", { exit_code: this.lastExit?.code ?? null, signal: this.lastExit?.signal ?? null });
    return { id: this.id, pid, exit_code: this.lastExit?.code ?? null, signal: this.lastExit?.signal ?? null };
  }

  /** SIGTERM to the whole tree, the grace, then SIGKILL; resolves to the pids that are left in spite of it. */
  async #endTree(graceMs: number): Promise<number[]> {
    return this.#process === undefined ? [] : this.#endTreeOf(this.#process, graceMs);
  }

  #endTreeOf({ pid, startTime }: Pick<ProcessHandle, "pid" | "startTime">, graceMs: number): Promise<number[]> {
    const marker = { name: hostVariables.instance, value: this.id };
    const query = {
      root: { pid, startTime },
      marker,
      orphanParents: this.#runtime.orphanParents(),
      skip: this.#owner.roots,
    };
    return endTree(query, { graceMs, clock: this.#runtime.clock, hurry: this.#hurry.signal });
  }

  async #drainOutput(): Promise<void> {
    const captures = this.#captures;
    this.#captures = undefined;
    if (captures === undefined) return;
    await Promise.all([captures.stdout.drained(outputDrainMs), captures.stderr.drained(outputDrainMs)]);
    captures.stdout.close();
    captures.stderr.close();
  }

  #noteExit(exit: ProcessExit): void {
    const reason = this.#unwell ?? describeExit(exit);
    this.lastExit = { ...exit, time: this.#runtime.clock.now(), reason };
    this.#emit("instance_exited", {
      pid: this.pid,
      exit_code: exit.code,
      signal: exit.signal,
      known: exit.known,
      reason,
    });
  }

  #forgetProcess(): void {
    if (this.plan.spec.fixed_port === undefined) this.#ports.release(this.port);
    if (this.#process !== undefined) this.#owner.roots.delete(this.#process.pid);
    this.#process = undefined;
    this.#vitals?.stop();
    this.#readySince = undefined;
    this.pid = null;
    this.startedAt = null;
  }

  #save(process: ProcessHandle | null): void {
    this.#runtime.records.save({
      id: this.id,
      ref: this.plan.ref,
      revision: this.plan.revision,
      state: this.state,
      pid: process?.pid ?? null,
      startTime: process?.startTime ?? null,
      bootId: bootId(),
      port: this.port,
      serves: this.serves,
      key: this.key,
      started: this.startedAt ?? this.#runtime.clock.now(),
      restarts: this.restarts,
    });
  }

  #move(event: InstanceEvent, reason: string | null): boolean {
    const next = transition(this.state, event);
    if (next === this.state) return false;
    this.state = next;
    this.reason = reason;
    this.#owner.changed(this);
    return true;
  }

  #emit(event: string, data: Readonly<Record<string, unknown>>): void {
    this.#runtime.emit({ event, ref: this.plan.ref, instance: this.id, data });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
