import {
  type DeployRequest,
  defaultTenant,
  type ServiceRef,
  type ServiceSpec,
  SoloError,
  serviceKey,
} from "../api/index.ts";
import type { Instance } from "../supervise/index.ts";
import type { Endpoint, Ingress } from "../traffic/index.ts";

/** Which hosts lead to which service, and to which instances: kept here so that an ingress that opens later knows them too. */
export class Routes {
  readonly #hosts = new Map<string, readonly string[]>();
  /** Host → the service that has it. */
  readonly #owners = new Map<string, string>();
  readonly #endpoints = new Map<string, Map<string, Endpoint>>();
  /** Requests that may wait for a service, where its specification says. */
  readonly #queues = new Map<string, number>();
  readonly #ingressPort: number;
  #ingress: Ingress | undefined;

  /** @param ingressPort the port that URLs name; 0 for an ingress that chooses its own */
  constructor(ingressPort: number) {
    this.#ingressPort = ingressPort;
  }

  get ingress(): Ingress | undefined {
    return this.#ingress;
  }

  /** Lets an ingress serve all that is known. */
  attach(ingress: Ingress): void {
    this.#ingress = ingress;
    for (const [key, hosts] of this.#hosts) ingress.setRoute(key, hosts, this.#queues.get(key));
    for (const [key, endpoints] of this.#endpoints) {
      for (const endpoint of endpoints.values()) ingress.addEndpoint(key, endpoint);
    }
  }

  /** Makes a service known: requests for it wait for a ready instance instead of being turned away. */
  open(ref: ServiceRef, spec: ServiceSpec): void {
    const key = serviceKey(ref);
    const hosts = hostsOf(ref, spec.hosts);
    this.#disown(key);
    this.#hosts.set(key, hosts);
    for (const host of hosts) this.#owners.set(host, key);
    const queue = spec.limits?.queue;
    if (queue === undefined) this.#queues.delete(key);
    else this.#queues.set(key, queue);
    this.#ingress?.setRoute(key, hosts, queue);
  }

  close(ref: ServiceRef): void {
    const key = serviceKey(ref);
    this.#disown(key);
    this.#hosts.delete(key);
    this.#queues.delete(key);
    this.#ingress?.removeRoute(key);
  }

  /** @throws SoloError `conflict` when a host of one of the services belongs to another service */
  checkHosts(tenant: string, services: DeployRequest["services"]): void {
    const claims = new Map<string, string>();
    for (const { name, spec } of services) {
      const key = serviceKey({ tenant, name });
      for (const host of hostsOf({ tenant, name }, spec.hosts ?? [])) {
        const owner = this.#owners.get(host) ?? claims.get(host) ?? key;
        claims.set(host, owner);
        if (owner === key) continue;
        const whose = owner.startsWith(`${tenant}/`) ? owner : "a service of another tenant";
        throw new SoloError("conflict", `the host ${host} of ${name} belongs to ${whose} already`, {
          hint: "host names ignore case: choose another name or another route.host",
        });
      }
    }
  }

  /** Where a service answers; null while none of its instances listens. */
  url(ref: ServiceRef, instances: readonly Instance[]): string | null {
    return instances.some(({ serves, pid }) => serves && pid !== null) ? this.address(ref) : null;
  }

  /** Where a service answers once it listens. */
  address(ref: ServiceRef): string {
    return `http://${hostOf(ref)}:${this.#ingress?.port ?? this.#ingressPort}/`;
  }

  #disown(key: string): void {
    for (const host of this.#hosts.get(key) ?? []) if (this.#owners.get(host) === key) this.#owners.delete(host);
  }

  add(ref: ServiceRef, endpoint: Endpoint): void {
    const key = serviceKey(ref);
    const endpoints = this.#endpoints.get(key) ?? new Map<string, Endpoint>();
    this.#endpoints.set(key, endpoints.set(endpoint.id, endpoint));
    this.#ingress?.addEndpoint(key, endpoint);
  }

  /** Requests that an instance has in flight through the ingress. */
  inFlight(ref: ServiceRef, instance: string): number {
    return this.#ingress?.inFlight(serviceKey(ref), instance) ?? 0;
  }

  async drain(ref: ServiceRef, instance: string, timeoutMs: number): Promise<void> {
    const key = serviceKey(ref);
    const known = this.#endpoints.get(key)?.delete(instance) ?? false;
    if (known) await this.#ingress?.drain(key, instance, timeoutMs);
  }

  remove(ref: ServiceRef, instance: string): void {
    const key = serviceKey(ref);
    const endpoints = this.#endpoints.get(key);
    endpoints?.delete(instance);
    if (endpoints?.size === 0) this.#endpoints.delete(key);
    this.#ingress?.removeEndpoint(key, instance);
  }
}

/** The host that a service's URL names. */
export function hostOf(ref: ServiceRef): string {
  const known = names.get(ref);
  if (known !== undefined) return known;
  const { tenant, name } = ref;
  const host = (tenant === defaultTenant ? `${name}.localhost` : `${name}.${tenant}.localhost`).toLowerCase();
  names.set(ref, host);
  return host;
}

/** A service is asked for its URL with each of its rows. */
const names = new WeakMap<ServiceRef, string>();

/** `NAME.localhost` (RFC 6761: always loopback) in the default tenant, `NAME.TENANT.localhost` in any, and the service's own. */
function hostsOf({ tenant, name }: ServiceRef, own: readonly string[]): string[] {
  const full = `${name}.${tenant}.localhost`;
  const hosts = tenant === defaultTenant ? [`${name}.localhost`, full] : [full];
  return [...hosts, ...own].map((host) => host.toLowerCase());
}
