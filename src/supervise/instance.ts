import { rmSync } from "node:fs";
import { type HostMessage, type InstanceState, SoloError, type StoppedInstance } from "../api/index.ts";
import { bootId } from "../system/index.ts";
import type { HostPeer } from "./control.ts";
import { type InstanceEvent, transition } from "./instance-machine.ts";
import { fifoPaths } from "./launch.ts";
import type { PortAllocator } from "./ports.ts";
import { ProcessRun } from "./process-run.ts";
import { decideRestart, describeExit, noRestarts, type ProcessExit, type RestartHistory } from "./restart-policy.ts";
import type { InstanceRecord, LaunchPlan, SuperviseRuntime } from "./runtime.ts";
import type { Judgement } from "./vitals.ts";

/** How long a process that failed its liveness probe gets between SIGTERM and SIGKILL. */
const unwellGraceMs = 5_000;

export interface InstanceOwner {
  /** The pids of all instances' processes. */
  readonly roots: Set<number>;
  readonly ports: PortAllocator;
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
  readonly exit: ProcessExit;
  /** The place in the source where a module that could not be started failed. */
  readonly frame: string | null;
}

export interface StopOptions {
  readonly force?: boolean;
  /** From SIGTERM to SIGKILL; the service's own when absent. */
  readonly graceMs?: number;
}

const unknownExit: ProcessExit = { code: null, signal: null, known: false };

/** One supervised instance of a revision: at most one process at a time, restarted by the service's policy. */
export class Instance implements HostPeer {
  readonly id: string;
  readonly plan: LaunchPlan;
  readonly key: string;
  state: InstanceState = "starting";
  reason: string | null = null;
  /** The port it was told to use; 0 before the first start. */
  port = 0;
  /** Whether it listens on its port, as far as is known. */
  serves = false;
  adopted = false;
  restarts = 0;
  lastExit: (ProcessExit & { readonly time: number; readonly reason: string }) | undefined;
  failure: InstanceFailure | undefined;

  readonly #runtime: SuperviseRuntime;
  readonly #owner: InstanceOwner;
  #history: RestartHistory = noRestarts;
  #run: ProcessRun | undefined;
  #readySince: number | undefined;
  #graceTimer: ReturnType<typeof setTimeout> | undefined;
  #unwell: string | undefined;
  #hostFailure: Extract<HostMessage, { type: "failed" }> | undefined;
  #stopping: Promise<StoppedInstance> | undefined;
  #hurry = new AbortController();

  constructor(runtime: SuperviseRuntime, owner: InstanceOwner, plan: LaunchPlan, id: string, key: string) {
    this.#runtime = runtime;
    this.#owner = owner;
    this.plan = plan;
    this.id = id;
    this.key = key;
  }

  get pid(): number | null {
    return this.#run?.pid ?? null;
  }

  /** Wall time of the process's start in milliseconds; null while none runs. */
  get startedAt(): number | null {
    return this.#run?.startedAt ?? null;
  }

  get isReady(): boolean {
    return this.state === "ready" || this.state === "degraded";
  }

  /** Starts a process. A failure to start counts as an end of the process, so that the restart policy decides what follows. */
  start(): void {
    const { spec, mentionsPort } = this.plan;
    this.failure = undefined;
    this.#hostFailure = undefined;
    this.#unwell = undefined;
    this.adopted = false;
    try {
      this.port = spec.fixed_port ?? this.#owner.ports.take();
      this.serves = spec.kind === "command" && (spec.fixed_port !== undefined || mentionsPort);
      // The intent is kept first: a process that the next kernel knows nothing of would be started a second time.
      this.#save();
      this.#run = ProcessRun.launch(this.#context(), this.port);
    } catch (error) {
      this.#unwell = SoloError.from(error).message;
      this.#runtime.logs.note(this.plan.ref, this.id, this.#unwell);
      this.#endOfProcess(unknownExit);
      return;
    }
    this.#save();
    this.#emit("instance_started", { pid: this.pid, port: this.port, revision: this.plan.revision });
    this.#watch(this.#run, false);
  }

  /**
   * Takes over the process that a former kernel kept in `record`.
   * @returns false when that process is gone: `salvage` then tells how it ended
   */
  adopt(record: InstanceRecord): boolean {
    this.port = record.port;
    this.serves = record.serves;
    this.restarts = record.restarts;
    if (this.plan.spec.fixed_port === undefined) this.#owner.ports.hold(record.port);
    this.#run = ProcessRun.adopt(this.#context(), record);
    if (this.pid === null) return false;
    this.adopted = true;
    const wasReady = record.state === "ready" || record.state === "degraded";
    this.#emit("instance_adopted", { pid: this.pid, port: this.port, revision: this.plan.revision });
    this.#watch(this.#run, wasReady);
    if (!wasReady) return true;
    this.#move("well", null);
    this.#readySince = this.#runtime.clock.monotonic();
    if (this.serves) this.#runtime.routes.add(this.plan.ref, this.id, this.port);
    return true;
  }

  /** Keeps the last output of a process that ended while no kernel ran, ends what it left behind, and tells how it ended. */
  async salvage({ pid, startTime }: InstanceRecord): Promise<ProcessExit> {
    const known = pid !== null && startTime !== null;
    if (known) await this.#run?.endTreeOf({ pid, startTime }, this.plan.spec.stop_grace_ms, this.#hurry.signal);
    await this.#run?.drainOutput();
    return known ? this.#runtime.formerExit({ pid, startTime }, 0) : unknownExit;
  }

  /** Handles the end of a process that this kernel never saw, by the restart policy. */
  conclude(exit: ProcessExit): void {
    this.#endOfProcess(exit);
  }

  receive(message: HostMessage): void {
    if (message.type === "ready") this.serves = message.port !== null;
    if (message.type === "failed") this.#hostFailure = message;
    else this.#run?.receive(message);
  }

  disconnected(): void {
    // The host reconnects by itself; a process that is gone is noticed by its exit.
  }

  probes(): ReturnType<ProcessRun["probes"]> {
    return this.#run?.probes() ?? [];
  }

  /** Ends the pause before a restart, or starts an instance that had stopped. */
  retry(): void {
    if (!this.#move("retry", null)) return;
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
  stop(options: StopOptions = {}): Promise<StoppedInstance> {
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
    this.#run?.release();
  }

  /** Forgets a stopped instance: its record, its FIFOs. */
  discard(): void {
    this.release();
    this.#runtime.records.remove(this.id);
    this.#runtime.routes.remove(this.plan.ref, this.id);
    for (const fifo of this.fifos()) {
      this.#runtime.guardian.drop(fifo);
      rmSync(fifo, { force: true });
    }
  }

  /** Where its output goes. */
  fifos(): readonly string[] {
    return fifoPaths(this.#runtime, this.id);
  }

  #context() {
    return { runtime: this.#runtime, plan: this.plan, id: this.id, key: this.key, roots: this.#owner.roots };
  }

  #watch(run: ProcessRun, wasReady: boolean): void {
    const current = () => this.#run === run;
    if (!wasReady) this.#graceTimer = setTimeout(() => this.#outOfGrace(), this.plan.spec.health.grace_ms);
    run.watch(
      wasReady,
      (judgement) => {
        if (current()) this.#judged(judgement);
      },
      (exit) => {
        if (current()) void this.#exited(run, exit);
      },
    );
  }

  #judged(judgement: Judgement): void {
    if (judgement.kind === "well") this.#becomeReady("well", null);
    else if (judgement.kind === "impaired") this.#becomeReady("impaired", judgement.reason);
    else if (judgement.kind === "unwell") this.#becomeUnready(judgement.reason);
    else if (judgement.kind === "dead") void this.#putDown(judgement.reason);
  }

  #becomeReady(event: "well" | "impaired", reason: string | null): void {
    const before = this.isReady;
    if (!this.#move(event, reason) || before) return;
    clearTimeout(this.#graceTimer);
    this.#readySince = this.#runtime.clock.monotonic();
    if (this.serves) this.#runtime.routes.add(this.plan.ref, this.id, this.port);
    this.#save();
    const tookMs = this.startedAt === null ? 0 : this.#runtime.clock.now() - this.startedAt;
    this.#emit("instance_ready", { pid: this.pid, port: this.serves ? this.port : null, took_ms: tookMs });
  }

  #becomeUnready(reason: string): void {
    if (!this.#move("unwell", reason)) return;
    this.#runtime.routes.remove(this.plan.ref, this.id);
    this.#emit("instance_unhealthy", { reason });
  }

  #outOfGrace(): void {
    if (this.state !== "starting") return;
    const probe = this.probes().find(({ record }) => record.ok !== true);
    const seen = probe === undefined ? "" : ` (${probe.role} probe: ${probe.record.message})`;
    void this.#putDown(`did not get ready within ${this.plan.spec.health.grace_ms} ms${seen}`);
  }

  /** Ends a process that is no use any more; its end is then handled like a crash. */
  async #putDown(reason: string): Promise<void> {
    if (this.#unwell !== undefined || this.#run === undefined || this.#stopping !== undefined) return;
    this.#unwell = reason;
    this.#runtime.logs.note(this.plan.ref, this.id, reason);
    if (!this.#move("unwell", reason)) this.reason = reason;
    this.#runtime.routes.remove(this.plan.ref, this.id);
    this.#emit("instance_unhealthy", { reason });
    await this.#run.endTree(Math.min(this.plan.spec.stop_grace_ms, unwellGraceMs), this.#hurry.signal);
  }

  async #exited(run: ProcessRun, exit: ProcessExit): Promise<void> {
    this.#runtime.routes.remove(this.plan.ref, this.id);
    if (this.#stopping !== undefined) return this.#noteExit(exit);
    // What the process left behind would hold its port and its output: the tree goes with its root.
    await run.endTree(0, this.#hurry.signal);
    await run.drainOutput();
    if (this.#stopping === undefined) this.#endOfProcess(exit);
    else this.#noteExit(exit);
  }

  #endOfProcess(exit: ProcessExit): void {
    const { clock } = this.#runtime;
    const stableMs = this.#readySince === undefined ? 0 : clock.monotonic() - this.#readySince;
    this.#noteExit(exit);
    const reason = this.#hostFailure?.message ?? this.#unwell ?? describeExit(exit);
    this.failure = { reason, exit, frame: this.#hostFailure?.frame ?? null };
    this.#forgetProcess();
    const end = { exit, unwell: this.#unwell !== undefined, stableMs, now: clock.monotonic() };
    const decision = decideRestart(this.plan.spec.restart, this.#history, end, this.#runtime.random());
    if (decision.action === "restart") {
      this.#history = decision.history;
      this.restarts += 1;
      this.#move(decision.crashLoop ? "loop" : "retry_later", reason);
      if (decision.crashLoop) this.#emit("crash_loop", { reason, delay_ms: decision.delayMs });
      this.#owner.restartDue(this, decision.delayMs);
    } else {
      if (decision.action === "complete") this.failure = undefined;
      this.#runtime.records.remove(this.id);
      this.#move(decision.action, decision.action === "fail" ? reason : null);
    }
  }

  async #stop({ force = false, graceMs = this.plan.spec.stop_grace_ms }: StopOptions): Promise<StoppedInstance> {
    const run = this.#run;
    const pid = this.pid;
    clearTimeout(this.#graceTimer);
    if (run !== undefined) await this.#endGently(run, force ? 0 : graceMs);
    this.#forgetProcess();
    this.#move("stop", null);
    this.#move("gone", null);
    this.#runtime.records.remove(this.id);
    const { code: exit_code, signal } = (run === undefined ? undefined : this.lastExit) ?? unknownExit;
    if (run !== undefined) this.#emit("instance_stopped", { exit_code, signal });
    return { id: this.id, pid, exit_code, signal };
  }

  async #endGently(run: ProcessRun, graceMs: number): Promise<void> {
    const { clock, routes } = this.#runtime;
    const { ref } = this.plan;
    const deadline = clock.monotonic() + graceMs;
    this.#move("drain", null);
    if (graceMs > 0) await Promise.race([routes.drain(ref, this.id, graceMs), aborted(this.#hurry.signal)]);
    routes.remove(ref, this.id);
    this.#move("stop", null);
    const left = await run.endTree(Math.max(0, deadline - clock.monotonic()), this.#hurry.signal);
    if (left.length > 0) {
      throw new SoloError("stop_failed", `${ref.name}: processes ${left.join(", ")} of ${this.id} are still there`, {
        hint: "they can't be killed: `ps -o pid,stat,wchan -p PID` shows what holds them",
        applied: "unknown",
        details: { pids: left },
      });
    }
    await run.exited();
    await run.drainOutput();
  }

  #noteExit(exit: ProcessExit): void {
    const reason = this.#unwell ?? describeExit(exit);
    this.lastExit = { ...exit, time: this.#runtime.clock.now(), reason };
    const { code: exit_code, signal, known } = exit;
    this.#emit("instance_exited", { pid: this.pid, exit_code, signal, known, reason });
  }

  #forgetProcess(): void {
    clearTimeout(this.#graceTimer);
    if (this.plan.spec.fixed_port === undefined) this.#owner.ports.release(this.port);
    this.#run?.forget();
    this.#run = undefined;
    this.#readySince = undefined;
  }

  #save(): void {
    this.#runtime.records.save({
      id: this.id,
      ref: this.plan.ref,
      revision: this.plan.revision,
      state: this.state,
      pid: this.pid,
      startTime: this.#run?.startTime ?? null,
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
