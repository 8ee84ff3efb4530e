import { type LimitsSpec, type ServiceRef, serviceKey } from "../../api/index.ts";
import type { Clock } from "../../system/index.ts";
import type { Instance } from "../instance.ts";
import { diskUse } from "./disk-use.ts";
import { isNews, type LimitedResource, type Standing, standingOf } from "./verdict.ts";

/** A look at folders costs more than one at processes, and disks fill more slowly than memory. */
const diskRoundMs = 5_000;

/** What presses on a service as a whole. */
export interface ServiceHost {
  /** Messages that wait or were refused since the start, and how many may wait; undefined for a service that has none. */
  queueOf(ref: ServiceRef): { readonly waiting: number; readonly refused: number; readonly limit: number } | undefined;
  /** Where a service keeps what it writes. */
  foldersOf(ref: ServiceRef, instances: readonly string[]): readonly string[];
  /** Records an event of a service as a whole. */
  emit(ref: ServiceRef, event: string, data: Readonly<Record<string, unknown>>): void;
}

interface WatchedService {
  readonly told: Map<LimitedResource, Standing>;
  refused: number;
  diskBytes: number;
}

/** Does what a limit that was passed asks for, to one instance. */
type Act = (instance: Instance, action: LimitsSpec["action"], reason: string) => void;

interface Verdict {
  readonly resource: LimitedResource;
  readonly current: number;
  readonly limit: number;
  readonly action: LimitsSpec["action"];
}

/** Holds services to the limits that all instances of one share: its queue, its disk. */
export class ServiceLimits {
  readonly #clock: Clock;
  readonly #host: ServiceHost;
  readonly #act: Act;
  readonly #services = new Map<string, WatchedService>();
  #isMeasuring = false;
  #measuredAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, host: ServiceHost, act: Act) {
    this.#clock = clock;
    this.#host = host;
    this.#act = act;
  }

  /** To be called after every look at all processes, with the instances of every service that has any. */
  round(services: ReadonlyMap<string, readonly Instance[]>): void {
    for (const key of this.#services.keys()) if (!services.has(key)) this.#services.delete(key);
    for (const [key, instances] of services) this.#look(key, instances);
    this.#measureDisks(services);
  }

  isDiskOver({ plan }: Instance): boolean {
    return this.#services.get(serviceKey(plan.ref))?.told.get("disk") === "over";
  }

  #look(key: string, [first, ...others]: readonly Instance[]): void {
    if (first === undefined) return;
    const { ref, spec } = first.plan;
    const service = this.#serviceOf(key);
    const queue = this.#host.queueOf(ref);
    if (queue !== undefined) {
      // What was refused would have waited, too.
      const current = queue.waiting + Math.max(0, queue.refused - service.refused);
      service.refused = queue.refused;
      this.#judge(ref, service, { resource: "queue", current, limit: queue.limit, action: "throttle" });
    }
    const limit = spec.limits?.disk_bytes;
    if (limit === undefined) return;
    const action = spec.limits?.action ?? "kill";
    const current = service.diskBytes;
    if (!this.#judge(ref, service, { resource: "disk", current, limit, action })) return;
    const reason = `its service uses more than its limit of disk: ${current} > ${limit}`;
    for (const instance of [first, ...others]) this.#act(instance, action, reason);
  }

  /** @returns whether the limit was passed just now */
  #judge(ref: ServiceRef, { told }: WatchedService, { resource, current, limit, action }: Verdict): boolean {
    const before = told.get(resource) ?? "calm";
    const now = standingOf(before, current, limit);
    told.set(resource, now);
    if (!isNews(before, now)) return false;
    const data = { resource, current, limit, ...(now === "over" && { action }) };
    this.#host.emit(ref, now === "over" ? "resource_violation" : "resource_warning", data);
    return now === "over";
  }

  #serviceOf(key: string): WatchedService {
    const known = this.#services.get(key) ?? { told: new Map(), refused: 0, diskBytes: 0 };
    this.#services.set(key, known);
    return known;
  }

  /** One service after the other, and no sooner again than its time: the kernel goes on meanwhile. */
  #measureDisks(services: ReadonlyMap<string, readonly Instance[]>): void {
    const now = this.#clock.monotonic();
    if (this.#isMeasuring || now - this.#measuredAt < diskRoundMs) return;
    const limited = [...services].filter(([, [first]]) => first?.plan.spec.limits?.disk_bytes !== undefined);
    if (limited.length === 0) return;
    this.#isMeasuring = true;
    this.#measuredAt = now;
    void this.#measure(limited).finally(() => {
      this.#isMeasuring = false;
    });
  }

  async #measure(services: readonly (readonly [string, readonly Instance[]])[]): Promise<void> {
    for (const [key, instances] of services) {
      const [first] = instances;
      if (first === undefined) continue;
      const ids = instances.map(({ id }) => id);
      const bytes = await diskUse(this.#host.foldersOf(first.plan.ref, ids));
      const service = this.#services.get(key);
      if (service !== undefined) service.diskBytes = bytes;
    }
  }
}
