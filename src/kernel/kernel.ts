import {
  type EventDocument,
  type Group,
  type OperationRequest,
  type ServiceRef,
  type ServiceRow,
  type ShutdownResult,
  SoloError,
  serviceKey,
} from "../api/index.ts";
import type { Paths } from "../config/index.ts";
import type { NewEvent } from "../observe/events/index.ts";
import type { Instance, Supervisor } from "../supervise/index.ts";
import type { Clock } from "../system/index.ts";
import { Causes } from "./causes.ts";
import { comeToRest } from "./come-to-rest.ts";
import { countEvent } from "./metrics/index.ts";
import { serviceNotFound } from "./not-found.ts";
import { kernelIsStopping, OperationQueue } from "./operation-queue.ts";
import type { KernelParts } from "./parts.ts";
import { AcceptedRollouts } from "./rollout/accepted-rollouts.ts";
import type { Routes } from "./routes.ts";
import type { Desired, Revision, Service } from "./service.ts";
import { stateSettings } from "./state-settings.ts";
import { Sweeper } from "./sweep/sweeper.ts";
import { UnsavedStops } from "./unsaved-stops.ts";
import { lastExit, serviceRow } from "./views.ts";

/** The in-process runtime: what is wanted of every service, on the parts below it. Its operations are in `api.ts`. */
export class Kernel {
  /** By the monotonic clock. */
  readonly startedAt: number;
  readonly rollouts = new AcceptedRollouts(this);
  readonly unsavedStops = new UnsavedStops(this);
  readonly sweeper = new Sweeper(this);
  readonly #parts: KernelParts;
  readonly #services = new Map<string, Service>();
  /** In order; made when it is asked for after a service was added. */
  #byName: readonly Service[] | undefined;
  /** Beside those of the services, those of first deploys that are under way. */
  readonly #operations = new Map<string, OperationQueue>();
  readonly #ending = new AbortController();
  readonly #causes = new Causes();
  #stopping: Promise<ShutdownResult> | undefined;

  constructor(parts: KernelParts) {
    this.#parts = parts;
    this.startedAt = parts.clock.monotonic();
  }

  get clock(): Clock {
    return this.#parts.clock;
  }
  get paths(): Paths {
    return this.#parts.paths;
  }
  get supervisor(): Supervisor {
    return this.#parts.supervisor;
  }
  get routes(): Routes {
    return this.#parts.routes;
  }
  get parts(): KernelParts {
    return this.#parts;
  }

  /** Ends the kernel. A second call gets the first one's answer. */
  shutdown(request: OperationRequest<"shutdown">): Promise<ShutdownResult> {
    this.#stopping ??= this.#shutDown(request);
    return this.#stopping;
  }

  /** @throws SoloError when the kernel is stopping: nothing is begun any more */
  refuseWhenStopping(): void {
    if (this.#stopping !== undefined) throw kernelIsStopping();
  }

  /** Every service, of one tenant or of all, by name. */
  services(tenant?: string): readonly Service[] {
    this.#byName ??= [...this.#services.values()].sort((one, other) => (one.key < other.key ? -1 : 1));
    return tenant === undefined ? this.#byName : this.#byName.filter(({ ref }) => ref.tenant === tenant);
  }

  rows(tenant?: string): ServiceRow[] {
    return this.services(tenant).map((service) => serviceRow(this, service, this.supervisor.instancesOf(service.ref)));
  }

  find(ref: ServiceRef): Service | undefined {
    return this.#services.get(serviceKey(ref));
  }

  /** @throws SoloError `not_found`, naming the nearest service that there is */
  get(ref: ServiceRef): Service {
    const service = this.find(ref);
    if (service !== undefined) return service;
    const names = this.services(ref.tenant).map(({ ref: { name } }) => name);
    throw serviceNotFound(ref, names);
  }

  add(service: Service): Service {
    this.#services.set(service.key, service);
    this.#byName = undefined;
    this.supervisor.wake(service.ref);
    return service;
  }

  /** A service is no more. */
  drop({ ref, key }: Service): void {
    this.#services.delete(key);
    this.#byName = undefined;
    this.routes.close(ref);
    this.supervisor.wake(ref);
  }

  /** The queue of what is done to a service, which may not be known yet. */
  operationsOf(ref: ServiceRef): OperationQueue {
    const key = serviceKey(ref);
    const known = this.#operations.get(key);
    if (known !== undefined) return known;
    const queue = new OperationQueue(() => this.#idle(ref));
    if (this.#stopping !== undefined) queue.close();
    this.#operations.set(key, queue);
    return queue;
  }

  /** Whether something is being done to a service, or waits for its turn. */
  isChanging(ref: ServiceRef): boolean {
    return this.#operations.get(serviceKey(ref))?.busy === true;
  }

  /** Aborted when the kernel begins to stop. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  readyCount(service: Service): number {
    return this.supervisor.instancesOf(service.ref).filter((instance) => instance.isReady).length;
  }

  until(ref: ServiceRef, condition: () => boolean, signal: AbortSignal): Promise<void> {
    return this.supervisor.until(ref, condition, signal);
  }

  /**
   * Keeps a change of what is wanted of a service, durably, before anything is done about it.
   * @throws SoloError `conflict` when it would run with a host that belongs to another service
   * @param options.durable false changes only what this kernel knows
   */
  commit(
    service: Service,
    change: { revision?: Revision; replicas?: number; desired?: Desired },
    { durable = true }: { readonly durable?: boolean } = {},
  ): void {
    const { database, clock } = this.#parts;
    const next = { revision: service.revision, replicas: service.replicas, desired: service.desired, ...change };
    const updated = Math.max(clock.now(), service.updated + 1);
    const created = service.created === 0 ? updated : service.created;
    if (next.desired === "running") {
      this.routes.checkHosts(service.ref.tenant, [{ name: service.ref.name, spec: next.revision.spec }]);
    }
    const endsRollout = this.rollouts.endsWith(service.ref, change.revision, next.desired);
    const keep = () => {
      if (change.revision !== undefined) this.keepRevision(service.ref, change.revision);
      if (endsRollout) database.rollouts.remove(service.ref);
      const { revision, replicas, desired } = next;
      database.services.save({
        ref: service.ref,
        revision: revision.id,
        desired,
        replicas,
        serves: service.serves,
        created,
        updated,
      });
    };
    if (durable) {
      database.transaction(keep);
      if (endsRollout) this.rollouts.forget(service.ref);
    }
    const isNews =
      next.revision.id !== service.revision.id || (next.desired === "running" && service.desired !== "running");
    Object.assign(service, next, { created, updated });
    this.#parts.states.peek(service.ref)?.configure(stateSettings(service.revision.spec));
    if (change.revision !== undefined && isNews) {
      const data = { revision: service.revision.id, kind: service.revision.spec.kind, replicas: service.replicas };
      this.emit({ tenant: service.ref.tenant, event: "service_deployed", subject: service.key, data });
    }
    if (service.desired === "running") this.routes.open(service.ref, service.revision.spec);
    else {
      this.#parts.traffic.mailboxes.stopped(service.ref);
      comeToRest(this, service);
    }
    this.supervisor.wake(service.ref);
  }

  /** Keeps what a revision is: before the first process of it starts, so that the next kernel knows what it adopts. */
  keepRevision(ref: ServiceRef, { id, spec, artifact }: Revision): void {
    const { database, clock } = this.#parts;
    database.revisions.save({ ref, id, spec, ...artifact, created: clock.now() });
  }

  declareGroup(tenant: string, group: Group): void {
    this.#parts.database.groups.save({ tenant, ...group });
    this.supervisor.setGroup(tenant, group);
  }

  /** Records an event with what caused it. */
  emit(event: Omit<NewEvent, "cause">): EventDocument {
    const data = this.#parts.secrets.redaction.data(event.tenant, event.data);
    const document = this.#parts.events.emit({ ...event, data, cause: this.#causes.of(event) });
    this.#causes.note(event, document.id);
    countEvent(this.#parts.metrics, document);
    return document;
  }

  /** An operation that nobody waited for failed. */
  noteFailure(ref: ServiceRef, error: unknown): void {
    const { code, message } = SoloError.from(error);
    this.emit({ tenant: ref.tenant, event: "operation_failed", subject: serviceKey(ref), data: { code, message } });
  }

  /** Called at every change of an instance. */
  observe(instance: Instance): void {
    this.#parts.crashes.changed(instance);
    const service = this.find(instance.plan.ref);
    if (service === undefined) return;
    this.#parts.steps.recheck(service.ref);
    this.#parts.traffic.mailboxes.peek(service.ref)?.pump();
    service.lastExit = lastExit([instance]) ?? service.lastExit;
    if (instance.isReady) service.serves = instance.serves;
    if (!this.supervisor.has(instance)) this.#causes.forget(`${service.key}/${instance.id}`);
    comeToRest(this, service);
  }

  #idle(ref: ServiceRef): void {
    const service = this.find(ref);
    if (service === undefined) this.#operations.delete(serviceKey(ref));
    else comeToRest(this, service);
    this.supervisor.wake(ref);
  }

  #shutDown(request: OperationRequest<"shutdown">): Promise<ShutdownResult> {
    this.#ending.abort();
    for (const queue of this.#operations.values()) queue.close();
    return this.#parts.shutdown(this, request);
  }
}
