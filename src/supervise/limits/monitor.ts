import type { LimitsSpec, ServiceRef } from "../../api/index.ts";
import { serviceKey } from "../../api/index.ts";
import { ProcessScan } from "../../system/index.ts";
import type { Instance } from "../instance.ts";
import type { SuperviseRuntime } from "../runtime.ts";
import { type Consumption, consumptionOf, type Watched, watch } from "./consumption.ts";
import { diskUse } from "./disk-use.ts";
import type { UsageSample } from "./history.ts";
import { Orphans } from "./orphans.ts";
import { RestartRate } from "./restart-rate.ts";
import { type TenantHost, TenantLimits, type TenantMember, type TenantUse } from "./tenant-limits.ts";
import { Throttle } from "./throttle.ts";
import { isNews, type LimitedResource, type Standing, standingOf } from "./verdict.ts";

/** Every instance is looked at once in this time … */
const roundMs = 1_000;
/** … while the processes are read a part at a time, so that hundreds don't stall the kernel at once. */
const slicesPerRound = 4;
/** Reading a process costs some 10 µs: beyond 1,000 processes a round takes longer instead of more of the kernel. */
const mostPerSlice = 250;
/** So many rounds apart all processes of the machine are looked at: a stranger's pid may become a service's. */
const strangersEvery = 5;
/** A look at folders costs more than one at processes, and disks fill more slowly than memory. */
const diskRoundMs = 5_000;
/** Of the time, where it is not the processor that is used too much: what else slows a program down is not known. */
const slowShare = 0.25;

type MonitorRuntime = Pick<SuperviseRuntime, "clock" | "emit" | "logs" | "orphanParents">;

/** What is watched: the supervisor's instances. */
interface Watchable {
  readonly roots: ReadonlySet<number>;
  all(): Iterable<Instance>;
}

/** What presses on services from outside their processes. */
export interface ServicePressure extends Pick<TenantHost<Instance>, "quotaOf" | "foldersOfTenant"> {
  /** Calls and requests that an instance has in work. */
  callsOf(ref: ServiceRef, instance: string): number;
  /** Messages that wait or were refused since the start, and how many may wait; undefined for a service that has none. */
  queueOf(ref: ServiceRef): { readonly waiting: number; readonly refused: number; readonly limit: number } | undefined;
  /** Where a service keeps what it writes. */
  foldersOf(ref: ServiceRef, instances: readonly string[]): readonly string[];
  /** Records an event of a tenant as a whole. */
  emitOfTenant(tenant: string, event: string, data: Readonly<Record<string, unknown>>): void;
  /** Records an event of a service as a whole. */
  emit(ref: ServiceRef, event: string, data: Readonly<Record<string, unknown>>): void;
}

interface WatchedService {
  readonly told: Map<LimitedResource, Standing>;
  refused: number;
  diskBytes: number;
}

/** Holds instances and services to their limits: tells when one is near, and tells, slows down or kills when it is passed. */
export class LimitMonitor {
  readonly #runtime: MonitorRuntime;
  readonly #supervisor: Watchable;
  readonly #pressure: ServicePressure;
  readonly #watched = new Map<string, Watched>();
  readonly #services = new Map<string, WatchedService>();
  readonly #throttles = new Map<string, Throttle>();
  readonly #restarts = new RestartRate();
  readonly #orphans = new Orphans();
  readonly #tenants: TenantLimits<Instance>;
  readonly #timer: ReturnType<typeof setInterval>;
  #scan: ProcessScan | undefined;
  /** Pids that were no service's when they were seen last. */
  #strangers: ReadonlySet<number> = new Set();
  #rounds = 0;
  #share = 0;
  #isMeasuring = false;
  #measuredAt = Number.NEGATIVE_INFINITY;

  constructor(runtime: MonitorRuntime, supervisor: Watchable, pressure: ServicePressure) {
    this.#runtime = runtime;
    this.#supervisor = supervisor;
    this.#pressure = pressure;
    this.#tenants = new TenantLimits(runtime.clock, this.#tenantHost());
    this.#timer = setInterval(() => this.#slice(), roundMs / slicesPerRound);
    this.#timer.unref();
  }

  /** How often all instances were looked at since the start. */
  get rounds(): number {
    return this.#rounds;
  }

  /** Lets go of everything: what is slowed down runs on at its own speed. */
  stop(): void {
    clearInterval(this.#timer);
    for (const throttle of this.#throttles.values()) throttle.end();
    this.#throttles.clear();
  }

  /** What an instance used in the last minute, oldest first. */
  historyOf(instance: Instance): UsageSample[] {
    return this.#watched.get(instance.id)?.history.all() ?? [];
  }

  /** The share of the time in which an instance may run; undefined when nothing slows it down. It gets no new calls then. */
  throttleOf(id: string): number | undefined {
    return this.#throttles.get(id)?.share;
  }

  /** What all services of a tenant together used at the last look. */
  usageOf(tenant: string): TenantUse {
    return this.#tenants.usageOf(tenant);
  }

  #slice(): void {
    if (this.#scan === undefined) {
      if (![...this.#supervisor.all()].some(({ pid }) => pid !== null)) return void this.#forgetOthers([]);
      this.#scan = new ProcessScan(this.#strangers);
      this.#share = Math.min(Math.ceil(this.#scan.size / slicesPerRound), mostPerSlice);
    }
    this.#scan.read(this.#share);
    if (!this.#scan.isDone) return;
    const scan = this.#scan;
    this.#scan = undefined;
    this.#round(scan);
  }

  /** Processes of others are looked for once in so many rounds: few of the machine's are the services'. */
  #meetStrangers(scan: ProcessScan): void {
    this.#rounds += 1;
    if (this.#rounds % strangersEvery === 0) return void (this.#strangers = new Set());
    if (this.#rounds % strangersEvery !== 1) return;
    const own = new Set([...this.#watched.values()].flatMap(({ tree }) => tree.map(({ pid }) => pid)));
    this.#strangers = new Set([...scan.pids()].filter((pid) => !own.has(pid)));
  }

  #round(scan: ProcessScan): void {
    const instances = [...this.#supervisor.all()].filter(({ pid }) => pid !== null);
    this.#forgetOthers(instances);
    const orphans = this.#orphans.in(scan, this.#runtime.orphanParents(), this.#supervisor.roots);
    const services = new Map<string, Instance[]>();
    const members: TenantMember<Instance>[] = [];
    for (const instance of instances) {
      const used = this.#look(instance, scan, orphans.get(instance.id) ?? []);
      if (used !== undefined) members.push({ instance, used });
      const key = serviceKey(instance.plan.ref);
      services.set(key, [...(services.get(key) ?? []), instance]);
    }
    this.#meetStrangers(scan);
    for (const [key, own] of services) this.#lookAtService(key, own);
    this.#tenants.round(members);
    this.#measureDisks(services);
  }

  #forgetOthers(instances: readonly Instance[]): void {
    const ids = new Set(instances.map(({ id }) => id));
    const keys = new Set(instances.map(({ plan }) => serviceKey(plan.ref)));
    for (const id of this.#watched.keys()) if (!ids.has(id)) this.#forget(id);
    for (const key of this.#services.keys()) if (!keys.has(key)) this.#services.delete(key);
    this.#restarts.keep(ids);
  }

  #forget(id: string): void {
    this.#watched.delete(id);
    this.#throttles.get(id)?.end();
    this.#throttles.delete(id);
  }

  #look(instance: Instance, scan: ProcessScan, orphans: readonly number[]): Consumption | undefined {
    const { limits, restart } = instance.plan.spec;
    if (instance.pid === null) return undefined;
    const watched = this.#watchedOf(instance, instance.pid);
    const calls = this.#pressure.callsOf(instance.plan.ref, instance.id);
    const used = consumptionOf(watched, { scan, orphans, clock: this.#runtime.clock, calls, limits });
    const judge = (resource: LimitedResource, current: number, limit: number | undefined) => {
      if (limit !== undefined) this.#judge(instance, watched, { resource, current, limit });
    };
    judge("memory", used.memoryBytes, limits?.memory_bytes);
    judge("cpu", used.averageCores, limits?.cpu_cores);
    judge("processes", used.processes, limits?.processes);
    judge("files", used.files ?? 0, limits?.files);
    judge("calls", calls, limits?.calls);
    judge("restarts", this.#restarts.count(instance, this.#runtime.clock.monotonic()), restart.max || undefined);
    this.#steer(instance, watched, used.cpuCores);
    return used;
  }

  #tenantHost(): TenantHost<Instance> {
    const { quotaOf, foldersOfTenant, foldersOf, emitOfTenant } = this.#pressure;
    return {
      quotaOf,
      foldersOfTenant,
      foldersOf: ({ plan, id }) => foldersOf(plan.ref, [id]),
      shareOf: ({ id }) => this.throttleOf(id),
      setShare: (instance, share) => this.#setShare(instance, share),
      putDown: (instance, reason) => void instance.putDown(reason, 0),
      tell: emitOfTenant,
    };
  }

  #setShare(instance: Instance, share: number): void {
    const watched = this.#watched.get(instance.id);
    const throttle = this.#throttles.get(instance.id);
    if (throttle === undefined && watched !== undefined && share < 1) this.#slowDown(instance, watched, share);
    else if (throttle !== undefined && share < 1) throttle.share = share;
    else if (throttle !== undefined) this.#speedUp(instance, throttle);
  }

  #watchedOf(instance: Instance, pid: number): Watched {
    const known = this.#watched.get(instance.id);
    if (known?.pid === pid) return known;
    this.#forget(instance.id);
    const watched = watch(pid);
    this.#watched.set(instance.id, watched);
    return watched;
  }

  #judge(
    instance: Instance,
    { told }: Watched,
    { resource, current, limit }: { resource: LimitedResource; current: number; limit: number },
  ): void {
    const before = told.get(resource) ?? "calm";
    const now = standingOf(before, current, limit);
    told.set(resource, now);
    if (!isNews(before, now)) return;
    const action = actionOn(resource, instance.plan.spec.limits);
    const data = { resource, current, limit, ...(now === "over" && { action }) };
    this.#tell(now === "over" ? "resource_violation" : "resource_warning", instance, data);
    if (now === "over") this.#act(instance, action, `uses more than its limit of ${resource}: ${current} > ${limit}`);
  }

  #act(instance: Instance, action: LimitsSpec["action"], reason: string): void {
    if (action === "kill") void instance.putDown(reason, 0);
    else this.#runtime.logs.note(instance.plan.ref, instance.id, reason);
  }

  /** Slows an instance down that is over a limit of its own, by what its processor time asks for, until it is calm again. */
  #steer(instance: Instance, watched: Watched, cores: number): void {
    const { limits } = instance.plan.spec;
    if (limits?.action !== "throttle") return;
    const isOver = (resource: LimitedResource) => watched.told.get(resource) === "over";
    const throttle = this.#throttles.get(instance.id);
    const slows = (["memory", "processes", "files"] as const).some(isOver) || this.#isDiskOver(instance);
    const most = limits.cpu_cores ?? Number.POSITIVE_INFINITY;
    if (throttle === undefined) {
      if (slows) this.#slowDown(instance, watched, slowShare);
      else if (isOver("cpu") && cores > most) this.#slowDown(instance, watched, most / cores);
      return;
    }
    if (slows) throttle.share = slowShare;
    else if (cores > most) throttle.share *= most / cores;
    // It needs less than it may have: it gets more of the time, step by step.
    else if (cores < most * 0.9) throttle.share *= 1.25;
    if (throttle.share >= 1) this.#speedUp(instance, throttle);
  }

  #speedUp(instance: Instance, throttle: Throttle): void {
    throttle.end();
    this.#throttles.delete(instance.id);
    this.#tell("throttle_ended", instance, {});
  }

  #slowDown(instance: Instance, watched: Watched, share: number): void {
    const throttle = new Throttle(share, {
      members: () => watched.tree,
      mayStop: () => instance.pid === watched.pid && instance.isReady,
      isPaused: () => instance.process?.isPaused === true,
    });
    this.#throttles.set(instance.id, throttle);
    this.#tell("throttle_began", instance, { share: Math.round(throttle.share * 100) / 100 });
  }

  #isDiskOver({ plan }: Instance): boolean {
    return this.#services.get(serviceKey(plan.ref))?.told.get("disk") === "over";
  }

  #lookAtService(key: string, [first, ...others]: readonly Instance[]): void {
    if (first === undefined) return;
    const { ref, spec } = first.plan;
    const service = this.#serviceOf(key);
    const queue = this.#pressure.queueOf(ref);
    if (queue !== undefined) {
      // What was refused would have waited, too.
      const current = queue.waiting + Math.max(0, queue.refused - service.refused);
      service.refused = queue.refused;
      this.#judgeService(ref, service, { resource: "queue", current, limit: queue.limit, action: "throttle" });
    }
    const limit = spec.limits?.disk_bytes;
    if (limit === undefined) return;
    const action = spec.limits?.action ?? "kill";
    const current = service.diskBytes;
    if (!this.#judgeService(ref, service, { resource: "disk", current, limit, action })) return;
    const reason = `its service uses more than its limit of disk: ${current} > ${limit}`;
    for (const instance of [first, ...others]) this.#act(instance, action, reason);
  }

  /** @returns whether the limit was passed just now */
  #judgeService(
    ref: ServiceRef,
    { told }: WatchedService,
    verdict: { resource: LimitedResource; current: number; limit: number; action: LimitsSpec["action"] },
  ): boolean {
    const { resource, current, limit, action } = verdict;
    const before = told.get(resource) ?? "calm";
    const now = standingOf(before, current, limit);
    told.set(resource, now);
    if (!isNews(before, now)) return false;
    const data = { resource, current, limit, ...(now === "over" && { action }) };
    this.#pressure.emit(ref, now === "over" ? "resource_violation" : "resource_warning", data);
    return now === "over";
  }

  #serviceOf(key: string): WatchedService {
    const known = this.#services.get(key) ?? { told: new Map(), refused: 0, diskBytes: 0 };
    this.#services.set(key, known);
    return known;
  }

  /** One service after the other, and no sooner again than its time: the kernel goes on meanwhile. */
  #measureDisks(services: ReadonlyMap<string, readonly Instance[]>): void {
    const now = this.#runtime.clock.monotonic();
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
      const bytes = await diskUse(this.#pressure.foldersOf(first.plan.ref, ids));
      const service = this.#services.get(key);
      if (service !== undefined) service.diskBytes = bytes;
    }
  }

  #tell(event: string, { plan, id }: Instance, data: Readonly<Record<string, unknown>>): void {
    this.#runtime.emit({ event, ref: plan.ref, instance: id, data });
  }
}

/** Calls that find no room wait, and restarts that are too many are spaced out: that is what becomes of those. */
function actionOn(resource: LimitedResource, limits: LimitsSpec | undefined): LimitsSpec["action"] {
  return resource === "calls" || resource === "restarts" ? "throttle" : (limits?.action ?? "kill");
}
