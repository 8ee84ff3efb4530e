import type { ServiceRef } from "../../api/index.ts";
import type { Consumption } from "./consumption.ts";
import { diskUse } from "./disk-use.ts";
import { isNews, type Standing, standingOf } from "./verdict.ts";

/** What all services of a tenant together may use; absent is unlimited. */
export interface TenantQuota {
  /** Resident. */
  readonly memoryBytes?: number | undefined;
  /** Of one core, as an average over 10 s. */
  readonly cpuCores?: number | undefined;
  readonly diskBytes?: number | undefined;
}

/** What all services of a tenant together used at the last look. */
export interface TenantUse {
  readonly memoryBytes: number;
  /** As an average over 10 s; 0 for a program until it has run so long. */
  readonly cpuCores: number;
  /** Null where no quota bounds it: it is not measured then. */
  readonly diskBytes: number | null;
}

/** What is looked at of an instance. */
interface Limited {
  readonly id: string;
  readonly plan: { readonly ref: ServiceRef };
}

/** An instance and what it uses. */
export interface TenantMember<Instance extends Limited> {
  readonly instance: Instance;
  readonly used: Pick<Consumption, "memoryBytes" | "cpuCores" | "averageCores">;
}

export interface TenantHost<Instance extends Limited> {
  quotaOf(tenant: string): TenantQuota | undefined;
  /** Where a tenant's services keep what they write, and one service. */
  foldersOfTenant(tenant: string): readonly string[];
  foldersOf(instance: Instance): readonly string[];
  /** The share of the time in which an instance may run; undefined when nothing slows it down. */
  shareOf(instance: Instance): number | undefined;
  /** Slows an instance down, or lets it run at its own speed again, with 1. */
  setShare(instance: Instance, share: number): void;
  /** Ends an instance, which its restart policy then handles. */
  putDown(instance: Instance, reason: string): void;
  tell(tenant: string, event: string, data: Readonly<Record<string, unknown>>): void;
}

type Resource = "memory" | "cpu" | "disk";

interface WatchedTenant {
  use: TenantUse;
  readonly told: Map<Resource, Standing>;
  /** Instances that were slowed down for it. */
  readonly slowed: Set<string>;
  actedAt: number;
  measuredAt: number;
  isMeasuring: boolean;
}

/** What was ended needs some time to be gone from the sums, before anything else is ended for them. */
const pauseMs = 3_000;
const diskRoundMs = 5_000;
/** Below this share of a quota what is slowed down gets more of the time again. */
const calmShare = 0.9;

/**
 * Holds each tenant to its quotas, by what the largest of its own services can least be spared: for the processor it is slowed
 * down, which is all that holds the quota; memory and disk are not given back by who runs slowly, so there it is ended.
 */
export class TenantLimits<Instance extends Limited> {
  readonly #host: TenantHost<Instance>;
  readonly #clock: { monotonic(): number };
  readonly #tenants = new Map<string, WatchedTenant>();

  constructor(clock: { monotonic(): number }, host: TenantHost<Instance>) {
    this.#clock = clock;
    this.#host = host;
  }

  /** Zero for a tenant of which nothing runs. */
  usageOf(tenant: string): TenantUse {
    return this.#tenants.get(tenant)?.use ?? nothing;
  }

  /** To be called after every look at all processes. */
  round(members: readonly TenantMember<Instance>[]): void {
    const byTenant = Map.groupBy(members, ({ instance }) => instance.plan.ref.tenant);
    for (const tenant of this.#tenants.keys()) if (!byTenant.has(tenant)) this.#tenants.delete(tenant);
    for (const [tenant, own] of byTenant) this.#look(tenant, own);
  }

  #look(tenant: string, members: readonly TenantMember<Instance>[]): void {
    const watched = this.#watchedOf(tenant);
    const quota = this.#host.quotaOf(tenant);
    watched.use = {
      memoryBytes: sum(members, ({ used }) => used.memoryBytes),
      cpuCores: sum(members, ({ used }) => used.averageCores),
      diskBytes: quota?.diskBytes === undefined ? null : watched.use.diskBytes,
    };
    if (quota === undefined) return;
    const { memoryBytes, cpuCores, diskBytes } = watched.use;
    if (this.#isOver(tenant, watched, "memory", memoryBytes, quota.memoryBytes)) {
      const largest = largestBy(members, ({ used }) => used.memoryBytes);
      this.#end(watched, tenant, largest, "memory", memoryBytes, quota.memoryBytes);
    }
    const isBusy = this.#isOver(tenant, watched, "cpu", cpuCores, quota.cpuCores);
    if (quota.cpuCores !== undefined) this.#steer(watched, members, quota.cpuCores, isBusy);
    if (quota.diskBytes === undefined) return;
    this.#isOver(tenant, watched, "disk", diskBytes ?? 0, quota.diskBytes);
    void this.#measure(tenant, watched, members, quota.diskBytes);
  }

  #watchedOf(tenant: string): WatchedTenant {
    const made = {
      use: nothing,
      told: new Map(),
      slowed: new Set<string>(),
      actedAt: Number.NEGATIVE_INFINITY,
      measuredAt: Number.NEGATIVE_INFINITY,
      isMeasuring: false,
    };
    const watched = this.#tenants.get(tenant) ?? made;
    this.#tenants.set(tenant, watched);
    return watched;
  }

  /** Tells each crossing once. */
  #isOver(
    tenant: string,
    { told }: WatchedTenant,
    resource: Resource,
    current: number,
    limit: number | undefined,
  ): boolean {
    if (limit === undefined) return false;
    const before = told.get(resource) ?? "calm";
    const now = standingOf(before, current, limit);
    told.set(resource, now);
    if (isNews(before, now)) {
      const action = resource === "cpu" ? "throttle" : "kill";
      const data = { resource, quota: `max_${resource}`, current, limit, ...(now === "over" && { action }) };
      this.#host.tell(tenant, now === "over" ? "tenant_violation" : "tenant_warning", data);
    }
    return now === "over";
  }

  #end(
    watched: WatchedTenant,
    tenant: string,
    member: TenantMember<Instance> | undefined,
    resource: Resource,
    current: number,
    limit = 0,
  ): void {
    const now = this.#clock.monotonic();
    if (member === undefined || now - watched.actedAt < pauseMs) return;
    watched.actedAt = now;
    const what = `tenant ${tenant} uses more than its quota of ${resource} (${current} > ${limit})`;
    this.#host.putDown(member.instance, `${what}, and this instance the most of it`);
  }

  /** Slows down whoever uses most, as far as the quota asks for it, and lets it run again step by step. */
  #steer(watched: WatchedTenant, members: readonly TenantMember<Instance>[], quota: number, isBusy: boolean): void {
    const cores = sum(members, ({ used }) => used.cpuCores);
    for (const id of watched.slowed) if (!members.some(({ instance }) => instance.id === id)) watched.slowed.delete(id);
    if ((isBusy || watched.slowed.size > 0) && cores > quota) {
      const largest = largestBy(members, ({ used }) => used.cpuCores);
      if (largest === undefined) return;
      const { instance, used } = largest;
      const spared = Math.max(0, used.cpuCores - (cores - quota)) / used.cpuCores;
      // What a limit of its own slows down already is left to that.
      if (this.#host.shareOf(instance) !== undefined && !watched.slowed.has(instance.id)) return;
      watched.slowed.add(instance.id);
      this.#host.setShare(instance, (this.#host.shareOf(instance) ?? 1) * spared);
    } else if (cores < quota * calmShare) {
      for (const { instance } of members.filter((member) => watched.slowed.has(member.instance.id))) {
        const share = (this.#host.shareOf(instance) ?? 1) * 1.25;
        this.#host.setShare(instance, share);
        if (share >= 1) watched.slowed.delete(instance.id);
      }
    }
  }

  /** A look at folders, now and then; whoever fills the disk is ended after each that finds the quota passed. */
  async #measure(
    tenant: string,
    watched: WatchedTenant,
    members: readonly TenantMember<Instance>[],
    quota: number,
  ): Promise<void> {
    const now = this.#clock.monotonic();
    if (watched.isMeasuring || now - watched.measuredAt < diskRoundMs) return;
    watched.isMeasuring = true;
    watched.measuredAt = now;
    const diskBytes = await diskUse(this.#host.foldersOfTenant(tenant));
    watched.use = { ...watched.use, diskBytes };
    if (this.#isOver(tenant, watched, "disk", diskBytes, quota)) {
      const sizes = await Promise.all(
        members.map(async (member) => ({ member, bytes: await diskUse(this.#host.foldersOf(member.instance)) })),
      );
      this.#end(watched, tenant, largestBy(sizes, ({ bytes }) => bytes)?.member, "disk", diskBytes, quota);
    }
    watched.isMeasuring = false;
  }
}

const nothing: TenantUse = { memoryBytes: 0, cpuCores: 0, diskBytes: null };

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return Math.round(items.reduce((total, item) => total + of(item), 0) * 100) / 100;
}

function largestBy<Item>(items: readonly Item[], of: (item: Item) => number): Item | undefined {
  return items.reduce<Item | undefined>((most, item) => (most && of(most) >= of(item) ? most : item), undefined);
}
