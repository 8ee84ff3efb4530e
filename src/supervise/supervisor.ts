import { randomBytes } from "node:crypto";
import { type Group, type ServiceRef, type ServiceSpec, SoloError, serviceKey } from "../api/index.ts";
import type { ProcessIdentity } from "../system/index.ts";
import type { Authenticate } from "./control.ts";
import type { EarlyHost } from "./early-host.ts";
import { EarlyHosts } from "./early-hosts.ts";
import { GroupRestarts } from "./group-restarts.ts";
import { pidOfHost } from "./host-pid.ts";
import { Instance } from "./instance.ts";
import type { InstanceOwner } from "./instance-state.ts";
import { PortAllocator } from "./ports.ts";
import type { InstanceRecord, LaunchPlan, SuperviseRuntime } from "./runtime.ts";
import { startFailure } from "./start-failure.ts";
import { StartGate } from "./start-gate.ts";
import type { StopOptions } from "./stop-process.ts";
import { Watchers } from "./watchers.ts";

/** How long an instance that never got ready may take to stop. */
const failedStartGraceMs = 2_000;

/** What is left of an instance that a former kernel had started. */
export interface Adopted {
  readonly instance: Instance;
  /** False when its process is gone: the caller then salvages what is left of it, and concludes or forgets the instance. */
  readonly alive: boolean;
}

/** All instances of one kernel: starts and adopts them, restarts them by their group's strategy, lets others wait for them. */
export class Supervisor implements InstanceOwner {
  readonly roots = new Set<number>();
  readonly ports: PortAllocator;
  readonly #runtime: SuperviseRuntime;
  readonly #instances = new Map<string, Instance>();
  readonly #byService = new Map<string, Set<Instance>>();
  readonly #watchers = new Watchers();
  readonly #starts = new StartGate<Instance>();
  readonly #early: EarlyHosts;
  readonly #groups: GroupRestarts;
  /** Instances that must prove themselves first: their failure ends a rollout instead of being retried. */
  readonly #trials = new Set<Instance>();
  readonly #retries = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #observe: (instance: Instance) => void;
  #closed = false;

  /** @param observe called after every change of an instance's state, and once it is forgotten */
  constructor(runtime: SuperviseRuntime, observe: (instance: Instance) => void) {
    this.#runtime = runtime;
    this.#observe = observe;
    this.ports = new PortAllocator(runtime.random());
    this.#early = new EarlyHosts({
      runtime,
      roots: this.roots,
      identify: (ref) => ({ ...this.#identify(ref), port: this.ports.take() }),
      release: (port) => this.ports.release(port),
    });
    this.#groups = new GroupRestarts({
      clock: runtime.clock,
      membersOf: (ref) => this.instancesOf(ref).filter((instance) => !this.#trials.has(instance)),
      has: (instance) => this.has(instance),
      settled: (instance, signal) => this.settled(instance, signal),
      restarting: ({ plan: { ref }, id: instance }, { plan, id }, { name: group, strategy }) => {
        const data = { group, strategy, failed: `${plan.ref.name}/${id}` };
        runtime.emit({ event: "group_restart", ref, instance, data });
      },
      note: (instance, text) => runtime.logs.note(instance.plan.ref, instance.id, text),
    });
  }

  all(): Iterable<Instance> {
    return this.#instances.values();
  }

  /** Whether the instance is known still, and not forgotten. */
  has(instance: Instance): boolean {
    return this.#instances.get(instance.id) === instance;
  }

  /** A service's instances, oldest first. */
  instancesOf(ref: ServiceRef): Instance[] {
    return [...(this.#byService.get(serviceKey(ref)) ?? [])];
  }

  /** Starts the process of an instance to come while its source is being bundled into `folder`, where that is possible. */
  startEarly(ref: ServiceRef, spec: ServiceSpec, folder: string): EarlyHost | undefined {
    return this.#closed ? undefined : this.#early.start(ref, spec, folder);
  }

  /** Starts an instance, which has no process yet while many others start. */
  launch(plan: LaunchPlan, early?: EarlyHost): Instance {
    const instance = this.#create(plan, early);
    this.#starts.enter(instance, () => instance.start(early));
    return instance;
  }

  /**
   * Starts an instance that is not restarted before it was ready once; one that fails is stopped and forgotten.
   * @throws SoloError as `settled`
   */
  async launchOnTrial(plan: LaunchPlan, signal: AbortSignal, early?: EarlyHost): Promise<Instance> {
    signal.throwIfAborted();
    const instance = this.#create(plan, early);
    this.#trials.add(instance);
    try {
      this.#starts.enter(instance, () => instance.start(early));
      await this.settled(instance, signal);
      return instance;
    } catch (error) {
      await this.retire(instance, { graceMs: failedStartGraceMs });
      throw error;
    } finally {
      this.#trials.delete(instance);
    }
  }

  /** Takes over what a former kernel started. */
  adopt(record: InstanceRecord, plan: LaunchPlan): Adopted {
    const instance = new Instance(this.#runtime, this, plan, record.id, record.key);
    this.#add(instance);
    return { instance, alive: instance.adopt(record) };
  }

  /** See {@link Instance.salvage}. */
  salvage(instance: Instance, record: InstanceRecord, strays: readonly ProcessIdentity[]) {
    return instance.salvage(record, strays);
  }

  /** Stops an instance and forgets it. */
  async retire(instance: Instance, options: StopOptions = {}) {
    const stopped = await instance.stop(options);
    this.forget(instance);
    return stopped;
  }

  /** Forgets an instance that has no process. */
  forget(instance: Instance): void {
    clearTimeout(this.#retries.get(instance.id));
    this.#retries.delete(instance.id);
    this.#starts.leave(instance);
    this.#groups.drop(instance);
    instance.discard();
    this.#instances.delete(instance.id);
    const key = serviceKey(instance.plan.ref);
    this.#byService.get(key)?.delete(instance);
    if (this.#byService.get(key)?.size === 0) this.#byService.delete(key);
    this.changed(instance);
  }

  /** Declares which services restart together. */
  setGroup(tenant: string, group: Group): void {
    this.#groups.declare(tenant, group);
  }

  /**
   * Resolves when the instance is ready or has completed.
   * @throws SoloError `start_failed` (with the last log lines) when it ended or failed instead, `conflict` when it was
   * stopped meanwhile, the signal's reason when that ended the wait
   */
  async settled(instance: Instance, signal: AbortSignal): Promise<void> {
    for (;;) {
      if (instance.isReady || instance.state === "completed") return;
      const { failure } = instance;
      if (failure !== undefined) throw await startFailure(this.#runtime, instance, failure);
      const isStopped = instance.state === "stopped" || instance.state === "stopping" || instance.state === "draining";
      if (!this.has(instance) || (isStopped && !this.#groups.awaitsStart(instance))) {
        throw new SoloError("conflict", `${instance.plan.ref.name} was stopped meanwhile`, { applied: "yes" });
      }
      signal.throwIfAborted();
      await this.#watchers.next(serviceKey(instance.plan.ref), signal);
    }
  }

  /** Resolves once `condition` holds, asked again at every change of the service's instances. */
  async until(ref: ServiceRef, condition: () => boolean, signal: AbortSignal): Promise<void> {
    while (!condition()) {
      signal.throwIfAborted();
      await this.#watchers.next(serviceKey(ref), signal);
    }
  }

  readonly authenticate: Authenticate = ({ instance: id, key, pid }, tell) => {
    const instance = this.#instances.get(id);
    const peer = this.#early.connect(id, key, pid, tell);
    return peer ?? (instance?.key === key ? instance.peerOf(pidOfHost(instance, pid), tell) : undefined);
  };

  /** The service of the instance whose key and process are those. */
  readonly identify = ({
    instance: id,
    key,
    pid,
  }: {
    readonly instance: string;
    readonly key: string;
    readonly pid: number;
  }) => {
    const instance = this.#instances.get(id);
    const isIts = instance !== undefined && instance.key === key && instance.pid === pidOfHost(instance, pid);
    return isIts ? instance.plan.ref : undefined;
  };

  changed(instance: Instance): void {
    if (instance.state !== "starting") this.#starts.leave(instance);
    this.#observe(instance);
    this.wake(instance.plan.ref);
  }

  /** Lets everyone who waits for something of a service look again. */
  wake(ref: ServiceRef): void {
    this.#watchers.wake(serviceKey(ref));
  }

  restartDue(instance: Instance, delayMs: number): void {
    if (this.#closed || this.#trials.has(instance) || this.#groups.takeOver(instance, delayMs)) return;
    const timer = setTimeout(() => {
      this.#retries.delete(instance.id);
      instance.retry();
    }, delayMs);
    this.#retries.set(instance.id, timer);
  }

  /** Lets go of every process without touching it. */
  release(): void {
    this.#closed = true;
    this.#early.close();
    this.#starts.close();
    this.#groups.close();
    for (const timer of this.#retries.values()) clearTimeout(timer);
    for (const instance of this.#instances.values()) instance.release();
  }

  #create(plan: LaunchPlan, early?: EarlyHost): Instance {
    const { id, key } = early ?? this.#identify(plan.ref);
    const instance = new Instance(this.#runtime, this, plan, id, key);
    this.#add(instance);
    return instance;
  }

  #identify({ name }: ServiceRef) {
    let id: string;
    do id = `${name}-${randomBytes(3).toString("hex")}`;
    while (this.#instances.has(id) || this.#early.has(id));
    return { id, key: randomBytes(16).toString("hex") };
  }

  #add(instance: Instance): void {
    this.#instances.set(instance.id, instance);
    const key = serviceKey(instance.plan.ref);
    const siblings = this.#byService.get(key);
    if (siblings) siblings.add(instance);
    else this.#byService.set(key, new Set([instance]));
  }
}
