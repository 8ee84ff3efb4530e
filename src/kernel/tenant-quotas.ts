import { type ServiceSpec, SoloError } from "../api/index.ts";
import type { TenantSettings } from "../config/index.ts";
import type { Kernel } from "./kernel.ts";

/** A service as it is to be. */
export interface Wanted {
  readonly name: string;
  readonly spec: ServiceSpec;
  readonly replicas: number;
}

/** What a tenant's services have been promised: by their number, and by the limits that they declare, all replicas together. */
interface Promised {
  readonly services: number;
  readonly instances: number;
  readonly memory: number;
  readonly cpu: number;
  readonly disk: number;
}

/** How many services there may be, and what those of a tenant may be promised. What runs already is never ended for it. */
export class TenantQuotas {
  readonly #kernel: () => Kernel;
  readonly #most: number;
  /** What was let in and is not among the kernel's services yet, by tenant. */
  readonly #entering = new Map<string, Set<Wanted>>();

  /** @param most services of all tenants together */
  constructor(kernel: () => Kernel, most: number) {
    this.#kernel = kernel;
    this.#most = most;
  }

  /**
   * Lets services be as they are wanted, until the answer is called, when they are what they are.
   * @throws SoloError `limit_exceeded` with the quota, what is used of it, and what was asked for. A change that asks for no
   * more than there is already is never refused.
   */
  enter(tenant: string, wanted: readonly Wanted[]): () => void {
    const others = this.#others(tenant, wanted);
    const before = this.#running(tenant).filter(({ name }) => wanted.some((one) => one.name === name));
    const [now, then] = [promisedTo([...others, ...before]), promisedTo([...others, ...wanted])];
    const settings = this.#kernel().parts.tenants.get(tenant);
    if (settings !== undefined) this.#check(tenant, settings, now, then);
    this.#checkAll(now, then);
    const entering = this.#entering.get(tenant) ?? new Set<Wanted>();
    this.#entering.set(tenant, entering);
    for (const one of wanted) entering.add(one);
    return () => {
      for (const one of wanted) entering.delete(one);
      if (entering.size === 0 && this.#entering.get(tenant) === entering) this.#entering.delete(tenant);
    };
  }

  #check(tenant: string, settings: TenantSettings, now: Promised, then: Promised): void {
    const { memoryBytes, cpuCores, diskBytes } = this.#kernel().parts.limits.usageOf(tenant);
    const used = { services: 0, memory: memoryBytes, cpu: cpuCores, disk: diskBytes ?? 0 };
    for (const resource of ["services", "memory", "cpu", "disk"] as const) {
      const most = settings[`max_${resource}`];
      if (most === undefined) continue;
      const isMore = then[resource] > now[resource];
      const isPromisedTooMuch = isMore && then[resource] > most;
      // What declares no limit may use any amount: only what is used tells.
      const isUsedUp = resource !== "services" && used[resource] >= most && then.instances > now.instances;
      if (!isPromisedTooMuch && !isUsedUp) continue;
      const current = Math.max(now[resource], used[resource]);
      throw exceeded(tenant, resource, most, current, isPromisedTooMuch ? then[resource] : null);
    }
  }

  #checkAll(now: Promised, then: Promised): void {
    const tenants = new Set([
      ...this.#kernel()
        .services()
        .map(({ ref }) => ref.tenant),
      ...this.#entering.keys(),
    ]);
    const all = [...tenants].reduce((sum, tenant) => sum + this.#names(tenant).size, 0);
    if (then.services <= now.services || all + then.services - now.services <= this.#most) return;
    throw new SoloError("limit_exceeded", `this kernel may have ${this.#most} services, and that would be more`, {
      hint: "stop some that are not needed: `solo kill NAME`; `limits.max_services` is how many there may be",
      details: { quota: "limits.max_services", limit: this.#most },
    });
  }

  #names(tenant: string): Set<string> {
    const names = [...this.#running(tenant), ...(this.#entering.get(tenant) ?? [])].map(({ name }) => name);
    return new Set(names);
  }

  #running(tenant: string): Wanted[] {
    return this.#kernel()
      .services(tenant)
      .filter(({ desired }) => desired === "running")
      .map(({ ref: { name }, revision: { spec }, replicas }) => ({ name, spec, replicas }));
  }

  /** What is there or about to be, beside those that are asked for. */
  #others(tenant: string, wanted: readonly Wanted[]): Wanted[] {
    const asked = new Set(wanted.map(({ name }) => name));
    const known = [...this.#running(tenant), ...(this.#entering.get(tenant) ?? [])];
    return [...new Map(known.map((one) => [one.name, one])).values()].filter(({ name }) => !asked.has(name));
  }
}

function promisedTo(services: readonly Wanted[]): Promised {
  const promised = { services: services.length, instances: 0, memory: 0, cpu: 0, disk: 0 };
  for (const { spec, replicas } of services) {
    promised.instances += replicas;
    promised.memory += replicas * (spec.limits?.memory_bytes ?? 0);
    promised.cpu += replicas * (spec.limits?.cpu_cores ?? 0);
    promised.disk += spec.limits?.disk_bytes ?? 0;
  }
  return promised;
}

const units = { services: "services", memory: "bytes of memory", cpu: "cores", disk: "bytes on the disk" } as const;

function exceeded(
  tenant: string,
  resource: keyof typeof units,
  limit: number,
  used: number,
  wanted: number | null,
): SoloError {
  const quota = `tenants.${tenant}.max_${resource}`;
  const would = wanted === null ? "" : `; this would make it ${wanted}`;
  return new SoloError(
    "limit_exceeded",
    `tenant ${tenant} may have ${limit} ${units[resource]} (${quota}), and has ${used}${would}`,
    {
      hint: `stop what is not needed, or ask the kernel's owner for more; \`solo tenant show ${tenant}\` shows what is used`,
      details: { quota, limit, used, ...(wanted !== null && { wanted }) },
    },
  );
}
