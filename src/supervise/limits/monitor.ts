import type { LimitsSpec, ServiceRef } from "../../api/index.ts";
import { serviceKey } from "../../api/index.ts";
import { ProcessScan, pageSize, readStat, StatFiles } from "../../system/index.ts";
import type { Instance } from "../instance.ts";
import type { SuperviseRuntime } from "../runtime.ts";
import { CloserLook, growsTowards } from "./closer-look.ts";
import {
  type Consumption,
  consumptionOf,
  type Look,
  type Moment,
  noUsage,
  type Usage,
  type Watched,
  watch,
} from "./consumption.ts";
import type { UsageSample } from "./history.ts";
import { Orphans } from "./orphans.ts";
import { RestartRate } from "./restart-rate.ts";
import { type ServiceHost, ServiceLimits } from "./service-limits.ts";
import { type TenantHost, TenantLimits, type TenantMember, type TenantUse } from "./tenant-limits.ts";
import { Throttle } from "./throttle.ts";
import { isNews, type LimitedResource, standingOf } from "./verdict.ts";

/** Every instance is looked at once in this time … */
const roundMs = 1_000;
/** … while the processes are read a part at a time, so that hundreds don't stall the kernel at once. */
const slicesPerRound = 4;
/** A process costs some 6 µs in all: beyond 1,000 of them a round takes longer instead of more of the kernel. */
const mostPerSlice = 250;
/** So many rounds apart all processes of the machine are looked at: a stranger's pid may become a service's. */
const strangersEvery = 5;
/** Of the time, where it is not the processor that is used too much: what else slows a program down is not known. */
const slowShare = 0.25;

type MonitorRuntime = Pick<SuperviseRuntime, "clock" | "emit" | "logs" | "orphanParents">;

/** What is watched: the supervisor's instances. */
interface Watchable {
  readonly roots: ReadonlySet<number>;
  all(): Iterable<Instance>;
}

/** What presses on services from outside their processes. */
export interface ServicePressure extends ServiceHost, Pick<TenantHost<Instance>, "quotaOf" | "foldersOfTenant"> {
  /** Calls and requests that an instance has in work. */
  callsOf(ref: ServiceRef, instance: string): number;
  /** Records an event of a tenant as a whole. */
  emitOfTenant(tenant: string, event: string, data: Readonly<Record<string, unknown>>): void;
}

/** Holds instances and services to their limits: tells when one is near, and tells, slows down or kills when it is passed. */
export class LimitMonitor {
  readonly #runtime: MonitorRuntime;
  readonly #supervisor: Watchable;
  readonly #pressure: ServicePressure;
  readonly #watched = new Map<string, Watched>();
  readonly #ofServices: ServiceLimits;
  readonly #throttles = new Map<string, Throttle>();
  readonly #restarts = new RestartRate();
  readonly #orphans = new Orphans();
  readonly #closer: CloserLook<Instance>;
  readonly #tenants: TenantLimits<Instance>;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #files = new StatFiles();
  #scan: ProcessScan | undefined;
  /** Pids that were no service's when they were seen last. */
  #strangers: ReadonlySet<number> = new Set();
  #rounds = 0;
  #share = 0;

  constructor(runtime: MonitorRuntime, supervisor: Watchable, pressure: ServicePressure) {
    this.#runtime = runtime;
    this.#supervisor = supervisor;
    this.#pressure = pressure;
    this.#ofServices = new ServiceLimits(runtime.clock, pressure, (...order) => this.#act(...order));
    this.#tenants = new TenantLimits(runtime.clock, this.#tenantHost());
    this.#closer = new CloserLook(runtime.clock, (instance, resource, current, limit) => {
      if (instance.pid !== null)
        this.#judge(instance, this.#watchedOf(instance, instance.pid), { resource, current, limit });
    });
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
    this.#closer.stop();
    for (const throttle of this.#throttles.values()) throttle.end();
    this.#throttles.clear();
    this.#files.close();
  }

  /** What an instance uses, as of the last look; one that was not looked at yet is looked at now. */
  latestOf({ id, pid }: Instance): Usage {
    if (pid === null) return noUsage;
    const watched = this.#watched.get(id);
    if (watched?.pid === pid && watched.usage !== noUsage) return watched.usage;
    return { rssBytes: (readStat(pid)?.rssPages ?? 0) * pageSize(), cpuPercent: 0 };
  }

  /** What an instance used in the last minute, oldest first. */
  historyOf(instance: Instance): readonly UsageSample[] {
    return this.#watched.get(instance.id)?.history.all() ?? noSamples;
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
    for (const instance of this.#supervisor.all()) {
      if (instance.pid !== null && this.#watched.get(instance.id)?.pid !== instance.pid) this.#closer.at(instance);
    }
    if (this.#scan === undefined) {
      if (![...this.#supervisor.all()].some(({ pid }) => pid !== null)) return void this.#rest();
      this.#scan = new ProcessScan(this.#files, this.#strangers);
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
    const own = new Set<number>();
    for (const { tree } of this.#watched.values()) for (const { pid } of tree) own.add(pid);
    this.#files.keepOnly(own);
    this.#strangers = new Set([...scan.pids()].filter((pid) => !own.has(pid)));
  }

  #round(scan: ProcessScan): void {
    const instances = [...this.#supervisor.all()].filter(({ pid }) => pid !== null);
    this.#forgetOthers(instances);
    const orphans = this.#orphans.in(scan, this.#runtime.orphanParents(), this.#supervisor.roots);
    const at: Moment = { wallMs: this.#runtime.clock.now(), monotonicMs: this.#runtime.clock.monotonic() };
    const services = new Map<string, Instance[]>();
    const members: TenantMember<Instance>[] = [];
    for (const instance of instances) {
      const used = this.#look(instance, { scan, at, orphans: orphans.get(instance.id) ?? noPids });
      if (used !== undefined) members.push({ instance, used });
      const key = serviceKey(instance.plan.ref);
      const others = services.get(key);
      if (others === undefined) services.set(key, [instance]);
      else others.push(instance);
    }
    this.#meetStrangers(scan);
    this.#ofServices.round(services);
    this.#tenants.round(members);
  }

  #rest(): void {
    this.#forgetOthers([]);
    this.#ofServices.round(new Map());
    this.#files.close();
  }

  #forgetOthers(instances: readonly Instance[]): void {
    const ids = new Set(instances.map(({ id }) => id));
    for (const id of this.#watched.keys()) if (!ids.has(id)) this.#forget(id);
    this.#restarts.keep(ids);
  }

  #forget(id: string): void {
    this.#watched.delete(id);
    this.#throttles.get(id)?.end();
    this.#throttles.delete(id);
  }

  #look(instance: Instance, look: Pick<Look, "scan" | "at" | "orphans">): Consumption | undefined {
    const { limits, restart } = instance.plan.spec;
    if (instance.pid === null) return undefined;
    const watched = this.#watchedOf(instance, instance.pid);
    const calls = this.#pressure.callsOf(instance.plan.ref, instance.id);
    const before = watched.used;
    const used = consumptionOf(watched, { ...look, calls, limits });
    const isGrowing =
      growsTowards(limits?.memory_bytes, before.memoryBytes, used.memoryBytes) ||
      growsTowards(limits?.processes, before.processes, used.processes);
    if (isGrowing) this.#closer.at(instance);
    const judge = (resource: LimitedResource, current: number, limit: number | undefined) => {
      if (limit !== undefined) this.#judge(instance, watched, { resource, current, limit });
    };
    judge("memory", used.memoryBytes, limits?.memory_bytes);
    judge("cpu", used.averageCores, limits?.cpu_cores);
    judge("processes", used.processes, limits?.processes);
    judge("files", used.files ?? 0, limits?.files);
    judge("calls", calls, limits?.calls);
    judge("restarts", this.#restarts.count(instance, look.at.monotonicMs), restart.max || undefined);
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
    const slows = (["memory", "processes", "files"] as const).some(isOver) || this.#ofServices.isDiskOver(instance);
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

  #tell(event: string, { plan, id }: Instance, data: Readonly<Record<string, unknown>>): void {
    this.#runtime.emit({ event, ref: plan.ref, instance: id, data });
  }
}

const noSamples: readonly UsageSample[] = [];
const noPids: readonly number[] = [];

/** Calls that find no room wait, and restarts that are too many are spaced out: that is what becomes of those. */
function actionOn(resource: LimitedResource, limits: LimitsSpec | undefined): LimitsSpec["action"] {
  return resource === "calls" || resource === "restarts" ? "throttle" : (limits?.action ?? "kill");
}
