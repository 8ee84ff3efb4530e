import type { SoloError, InstanceState as State } from "../api/index.ts";
import type { Instance } from "./instance.ts";
import { InstanceJournal } from "./instance-journal.ts";
import { type InstanceEvent, transition } from "./instance-machine.ts";
import { RecoveryTimes } from "./port/index.ts";
import type { PortAllocator } from "./ports.ts";
import { findsListener } from "./probe/listener.ts";
import { describeExit, type ProcessExit } from "./restart-policy.ts";
import type { LaunchPlan, SuperviseRuntime } from "./runtime.ts";

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
  /** Why no process could be started at all. */
  readonly error: SoloError | undefined;
}

/** What an instance is and shows; what it does is {@link Instance}'s. */
export abstract class InstanceState {
  readonly id: string;
  readonly plan: LaunchPlan;
  /** Proves to the control server that a host was started as this instance. */
  readonly key: string;
  state: State = "starting";
  /** Why it is in its state, in words. */
  reason: string | null = null;
  /** The port it was told to use; 0 before the first start. */
  port = 0;
  /** Whether it listens on its port, as far as is known. */
  serves = false;
  /** Whether another kernel started its process. */
  adopted = false;
  restarts = 0;
  lastExit: (ProcessExit & { readonly time: number; readonly reason: string }) | undefined;
  failure: InstanceFailure | undefined;
  /** How long it took a port agent to come back. */
  readonly recovery: RecoveryTimes | undefined;
  protected readonly runtime: SuperviseRuntime;
  protected readonly owner: InstanceOwner;
  protected readonly journal: InstanceJournal;

  constructor(runtime: SuperviseRuntime, owner: InstanceOwner, plan: LaunchPlan, id: string, key: string) {
    this.runtime = runtime;
    this.owner = owner;
    this.journal = new InstanceJournal(runtime, plan, id, key);
    this.plan = plan;
    this.id = id;
    this.key = key;
    this.recovery = plan.spec.kind === "port" ? new RecoveryTimes(runtime.clock) : undefined;
  }

  abstract get pid(): number | null;

  get isReady(): boolean {
    return this.state === "ready" || this.state === "degraded";
  }

  /** Where its output goes. */
  fifos(): readonly string[] {
    return this.journal.fifos();
  }

  /** Counts a restart that the instance's own failure did not cause. */
  countRestart(): void {
    this.restarts += 1;
  }

  /**
   * Tells how a process ended.
   * @param unwell why the kernel ended it, if it did
   */
  noteExit(exit: ProcessExit, unwell?: string): void {
    const reason = unwell ?? describeExit(exit);
    this.lastExit = { ...exit, time: this.runtime.clock.now(), reason };
    const { code: exit_code, signal, known } = exit;
    const asked = this.state === "draining" || this.state === "stopping";
    this.journal.emit("instance_exited", { pid: this.pid, exit_code, signal, known, reason, asked });
  }

  /** Notices when a program listens that does not say so, and lets requests reach it then. */
  protected async awaitListener(this: Instance, isCurrent: () => boolean, save: () => void): Promise<void> {
    if (this.serves || this.plan.spec.kind !== "command") return;
    if (!(await findsListener(this.port, isCurrent))) return;
    this.serves = true;
    if (this.isReady) this.runtime.routes.add(this.plan.ref, this.id, this.port);
    save();
    this.owner.changed(this);
  }

  /** Makes the transition of an event; false when it means nothing in this state. */
  protected move(this: Instance, event: InstanceEvent, reason: string | null): boolean {
    const next = transition(this.state, event);
    if (next === this.state) {
      if (reason !== null) this.reason = reason;
      return false;
    }
    this.state = next;
    this.reason = reason;
    this.owner.changed(this);
    return true;
  }
}
