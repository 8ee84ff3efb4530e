import { randomBytes } from "node:crypto";
import { type Group, type ServiceRef, SoloError, serviceKey } from "../api/index.ts";
import type { Authenticate } from "./control.ts";
import { Instance, type InstanceOwner } from "./instance.ts";
import { PortAllocator } from "./ports.ts";
import type { InstanceRecord, LaunchPlan, SuperviseRuntime } from "./runtime.ts";

/** Log lines that the error of a failed start carries. */
const quotedLogLines = 20;

/** How long an instance that never got ready may take to stop. */
const failedStartGraceMs = 2_000;

/** All instances of one kernel: starts and adopts them, restarts them by their group's strategy, lets others wait for them. */
export class Supervisor implements InstanceOwner {
  readonly roots = new Set<number>();
  readonly #runtime: SuperviseRuntime;
  readonly ports: PortAllocator;
  readonly #instances = new Map<string, Instance>();
  readonly #byService = new Map<string, Set<Instance>>();
  readonly #groups = new Map<string, Group>();
  readonly #watchers = new Map<string, Set<() => void>>();
  /** Instances that must prove themselves first: their failure ends a rollout instead of being retried. */
  readonly #trials = new Set<Instance>();
  readonly #retries = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #observe: (instance: Instance) => void;
  #closed = false;

  /** @param observe called after every change of an instance's state */
  constructor(runtime: SuperviseRuntime, observe: (instance: Instance) => void) {
    this.#runtime = runtime;
    this.#observe = observe;
    this.ports = new PortAllocator(runtime.random());
  }

  all(): Iterable<Instance> {
    return this.#instances.values();
  }

  /** A service's instances, oldest first. */
  instancesOf(ref: ServiceRef): Instance[] {
    return [...(this.#byService.get(serviceKey(ref)) ?? [])];
  }

  launch(plan: LaunchPlan): Instance {
    const instance = this.#create(plan);
    instance.start();
    return instance;
  }

  /**
   * Starts an instance that is not restarted before it was ready once; one that fails is stopped and forgotten.
   * @throws SoloError as `settled`
   */
  async launchOnTrial(plan: LaunchPlan, signal: AbortSignal): Promise<Instance> {
    const instance = this.#create(plan);
    this.#trials.add(instance);
    try {
      instance.start();
      await this.settled(instance, signal);
      return instance;
    } catch (error) {
      await this.retire(instance, { graceMs: failedStartGraceMs });
      throw error;
    } finally {
      this.#trials.delete(instance);
    }
  }

  /**
   * Takes over what a former kernel started. `alive` is false when its process is gone: the caller then salvages what is
   * left of it, and either concludes or forgets the instance.
   */
  adopt(record: InstanceRecord, plan: LaunchPlan): { readonly instance: Instance; readonly alive: boolean } {
    const instance = new Instance(this.#runtime, this, plan, record.id, record.key);
    this.#add(instance);
    return { instance, alive: instance.adopt(record) };
  }

  /** Stops an instance and forgets it. */
  async retire(instance: Instance, options: { readonly force?: boolean; readonly graceMs?: number } = {}) {
    const stopped = await instance.stop(options);
    this.forget(instance);
    return stopped;
  }

  /** Forgets an instance that has no process. */
  forget(instance: Instance): void {
    clearTimeout(this.#retries.get(instance.id));
    this.#retries.delete(instance.id);
    instance.discard();
    this.#instances.delete(instance.id);
    const key = serviceKey(instance.plan.ref);
    this.#byService.get(key)?.delete(instance);
    if (this.#byService.get(key)?.size === 0) this.#byService.delete(key);
    this.changed(instance);
  }

  /** Declares which services restart together. A service is in one group at most; the latest declaration counts. */
  setGroup(tenant: string, group: Group): void {
    for (const name of group.services) this.#groups.set(serviceKey({ tenant, name }), group);
  }

  /**
   * Resolves when the instance is ready or has completed.
   * @throws SoloError `start_failed` (with the last log lines) when it ended or failed instead, `conflict` when it was
   * stopped meanwhile, `timeout` when the signal ended the wait
   */
  async settled(instance: Instance, signal: AbortSignal): Promise<void> {
    for (;;) {
      if (instance.isReady || instance.state === "completed") return;
      if (instance.failure !== undefined) throw await this.#startFailure(instance);
      if (!this.#instances.has(instance.id) || instance.state === "stopped" || instance.state === "stopping") {
        throw new SoloError("conflict", `${instance.plan.ref.name} was stopped meanwhile`, { applied: "yes" });
      }
      signal.throwIfAborted();
      await this.#nextChange(serviceKey(instance.plan.ref), signal);
    }
  }

  /** Resolves once `condition` holds, asked again at every change of the service's instances. */
  async until(ref: ServiceRef, condition: () => boolean, signal: AbortSignal): Promise<void> {
    while (!condition()) {
      signal.throwIfAborted();
      await this.#nextChange(serviceKey(ref), signal);
    }
  }

  readonly authenticate: Authenticate = (hello) => {
    const instance = this.#instances.get(hello.instance);
    return instance !== undefined && instance.key === hello.key && instance.pid !== null ? instance : undefined;
  };

  changed(instance: Instance): void {
    this.#observe(instance);
    this.wake(instance.plan.ref);
  }

  /** Lets everyone who waits for something of a service look again. */
  wake(ref: ServiceRef): void {
    const watchers = this.#watchers.get(serviceKey(ref));
    if (watchers === undefined) return;
    for (const wake of [...watchers]) wake();
  }

  restartDue(instance: Instance, delayMs: number): void {
    if (this.#closed || this.#trials.has(instance)) return;
    const together = this.#restartedWith(instance);
    const stopped = this.#stopInReverse(together);
    const timer = setTimeout(() => {
      this.#retries.delete(instance.id);
      void stopped.then(() => this.#startInOrder(instance, together));
    }, delayMs);
    this.#retries.set(instance.id, timer);
  }

  /** Lets go of every process without touching it. */
  release(): void {
    this.#closed = true;
    for (const timer of this.#retries.values()) clearTimeout(timer);
    for (const instance of this.#instances.values()) instance.release();
  }

  /** The live instances that the strategy of its group restarts together with a failed one, in starting order. */
  #restartedWith(failed: Instance): Instance[] {
    const { ref } = failed.plan;
    const group = this.#groups.get(serviceKey(ref));
    if (group === undefined || group.strategy === "one_for_one") return [];
    const first = group.strategy === "one_for_all" ? 0 : group.services.indexOf(ref.name);
    return group.services
      .slice(first)
      .flatMap((name) => this.instancesOf({ tenant: ref.tenant, name }))
      .filter((instance) => instance !== failed && instance.pid !== null);
  }

  async #stopInReverse(instances: readonly Instance[]): Promise<void> {
    for (const instance of [...instances].reverse()) {
      await instance.stop().catch((error: unknown) => {
        this.#runtime.logs.note(instance.plan.ref, instance.id, SoloError.from(error).message);
      });
    }
  }

  async #startInOrder(failed: Instance, together: readonly Instance[]): Promise<void> {
    const rank = (instance: Instance) =>
      this.#groups.get(serviceKey(failed.plan.ref))?.services.indexOf(instance.plan.ref.name) ?? 0;
    const order = [failed, ...together].sort((one, other) => rank(one) - rank(other));
    for (const instance of order) {
      if (this.#closed || !this.#instances.has(instance.id)) continue;
      if (instance !== failed) instance.countRestart();
      instance.retry();
      if (together.length === 0) return;
      const signal = AbortSignal.timeout(instance.plan.spec.health.grace_ms);
      // A member that fails again is handled by its own restart; the others must not wait for it for ever.
      await this.settled(instance, signal).catch(() => undefined);
    }
  }

  #create(plan: LaunchPlan): Instance {
    const id = `${plan.ref.name}-${randomBytes(3).toString("hex")}`;
    const instance = new Instance(this.#runtime, this, plan, id, randomBytes(16).toString("hex"));
    this.#add(instance);
    return instance;
  }

  #add(instance: Instance): void {
    this.#instances.set(instance.id, instance);
    const key = serviceKey(instance.plan.ref);
    const siblings = this.#byService.get(key);
    if (siblings) siblings.add(instance);
    else this.#byService.set(key, new Set([instance]));
  }

  #nextChange(key: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const watchers = this.#watchers.get(key) ?? new Set();
      this.#watchers.set(key, watchers);
      const wake = () => {
        watchers.delete(wake);
        if (watchers.size === 0) this.#watchers.delete(key);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      watchers.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  async #startFailure(instance: Instance): Promise<SoloError> {
    const { ref, spec } = instance.plan;
    const reason = instance.failure?.reason ?? "it failed";
    const logs = await this.#runtime.logs.tail(ref, instance.id, quotedLogLines);
    const finished = instance.failure?.exit?.code === 0 && spec.restart.policy === "permanent";
    return new SoloError("start_failed", `${ref.name} did not get ready: ${reason}`, {
      hint: finished
        ? "a service that is meant to end by itself is deployed with --restart transient"
        : `\`solo logs ${ref.name}\` shows all it wrote`,
      details: { instance: instance.id, logs, frame: instance.failure?.frame ?? null },
    });
  }
}
