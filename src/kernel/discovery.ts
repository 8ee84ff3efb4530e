import { randomBytes } from "node:crypto";
import { type DiscoveredService, type ServiceRef, serviceKey } from "../api/index.ts";
import { matches, type Registration, Registry, registrationTable } from "../discover/index.ts";
import type { Instance } from "../supervise/index.ts";
import type { Clock } from "../system/index.ts";
import type { KernelDatabase } from "./database/index.ts";
import type { Kernel } from "./kernel.ts";
import type { Service } from "./service.ts";

/** What has expired is hidden at once; so often it is also removed. */
const sweepMs = 60_000;

/** Who provides what: what services declare, and what is registered beside it. */
export class Discovery {
  readonly registry: Registry;
  readonly #kernel: () => Kernel;
  /** Of declared ones, by their name, as long as the kernel runs. */
  readonly #handles = new WeakMap<Service, Map<string, string>>();
  readonly #sweeper: ReturnType<typeof setInterval>;

  constructor(database: KernelDatabase, clock: Clock, kernel: () => Kernel) {
    this.registry = new Registry({ table: registrationTable(database.handle), clock });
    this.#kernel = kernel;
    this.#sweeper = setInterval(() => this.#sweep(), sweepMs);
    this.#sweeper.unref();
  }

  /** What a tenant has under a name, or under any, with all of some metadata: those that are alive first. */
  list(
    tenant: string,
    serviceName?: string,
    filters: Readonly<Record<string, string>> = {},
  ): readonly DiscoveredService[] {
    const isWanted = (name: string) => serviceName === undefined || name === serviceName;
    const declared = this.#kernel()
      .services(tenant)
      .flatMap((service) => this.#declaredBy(service, isWanted));
    const registered = this.registry
      .of(tenant, serviceName)
      .filter((registration) => !this.#isOver(registration))
      .map((registration) => this.documentOf(registration));
    return [...declared, ...registered].filter(({ metadata }) => matches(metadata, filters)).sort(inOrder);
  }

  documentOf(registration: Registration): DiscoveredService {
    const { tenant, serviceId, serviceName, version, handle, instance, url, metadata, registered } = registration;
    const expires = this.registry.expiresOf(registration);
    const service = this.#kernel().find({ tenant, name: serviceId });
    return {
      service_id: serviceId,
      service_name: serviceName,
      tenant,
      version,
      handle,
      source: "registered",
      instance,
      ...this.#place(service, url, instance),
      metadata: { ...metadata },
      registered: new Date(registered).toISOString(),
      expires: expires === null ? null : new Date(expires).toISOString(),
    };
  }

  /** Whether a running service's specification says that it provides a name: nobody else says it for that service then. */
  declares(ref: ServiceRef, name: string): boolean {
    const service = this.#kernel().find(ref);
    return service !== undefined && declarationsOf(service).some((declared) => declared.name === name);
  }

  /** Whether a handle belongs to something declared. */
  isDeclared(tenant: string, handle: string): boolean {
    return this.list(tenant).some((found) => found.handle === handle && found.source === "declared");
  }

  close(): void {
    clearInterval(this.#sweeper);
  }

  #declaredBy(service: Service, isWanted: (name: string) => boolean): DiscoveredService[] {
    return declarationsOf(service)
      .filter(({ name }) => isWanted(name))
      .map(({ name, version, metadata }) => ({
        service_id: service.ref.name,
        service_name: name,
        tenant: service.ref.tenant,
        version,
        handle: this.#handleOf(service, name),
        source: "declared",
        instance: null,
        ...this.#place(service, null, null),
        metadata,
        registered: new Date(service.updated).toISOString(),
        expires: null,
      }));
  }

  #handleOf(service: Service, name: string): string {
    const handles = this.#handles.get(service) ?? new Map<string, string>();
    const handle = handles.get(name) ?? randomBytes(16).toString("hex");
    this.#handles.set(service, handles.set(name, handle));
    return handle;
  }

  /** Where it answers, and whether it does, as far as this kernel knows. */
  #place(
    service: Service | undefined,
    url: string | null,
    own: string | null,
  ): Pick<DiscoveredService, "alive" | "url" | "instances"> {
    if (service === undefined) return { alive: true, url, instances: [] };
    const kernel = this.#kernel();
    const all = kernel.supervisor.instancesOf(service.ref);
    const ready = all.filter(({ isReady, id }) => isReady && (own === null || id === own));
    const instances = ready.flatMap(({ id, port, serves }) => (serves ? [{ id, port }] : []));
    return { alive: ready.length > 0, url: url ?? kernel.routes.url(service.ref, all), instances };
  }

  /** What an instance registered ends with it. */
  #isOver({ tenant, serviceId, instance }: Registration): boolean {
    if (instance === null) return false;
    const instances: readonly Instance[] = this.#kernel().supervisor.instancesOf({ tenant, name: serviceId });
    return !instances.some(({ id }) => id === instance);
  }

  #sweep(): void {
    const kernel = this.#kernel();
    const isOver = (registration: Registration) => this.#isOver(registration);
    try {
      for (const registration of this.registry.sweep(isOver)) tellOf(kernel, "registration_expired", registration);
    } catch (error) {
      // On a full disk it stays in the table, hidden, until there is room again.
      kernel.noteFailure({ tenant: "default", name: "registry" }, error);
    }
  }
}

/** An event about a registration. */
export function tellOf(
  kernel: Kernel,
  event: "service_registered" | "service_unregistered" | "registration_expired",
  { tenant, serviceId, serviceName, version, handle, instance }: Registration,
): void {
  const data = { service_name: serviceName, version, handle, instance };
  kernel.emit({ tenant, event, subject: serviceKey({ tenant, name: serviceId }), data });
}

function declarationsOf({ desired, replicas, revision }: Service) {
  return desired === "running" && replicas > 0 ? (revision.spec.provides ?? []) : [];
}

function inOrder(one: DiscoveredService, other: DiscoveredService): number {
  if (one.alive !== other.alive) return one.alive ? -1 : 1;
  return (
    compare(one.service_name, other.service_name) ||
    compare(one.service_id, other.service_id) ||
    compare(one.instance ?? "", other.instance ?? "")
  );
}

function compare(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
