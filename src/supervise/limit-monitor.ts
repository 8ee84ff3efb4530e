import { readdirSync } from "node:fs";
import { hostVariables, type LimitsSpec } from "../api/index.ts";
import {
  type Clock,
  childrenOf,
  clockTicksPerSecond,
  type ProcessStat,
  processTree,
  readMemory,
} from "../system/index.ts";
import type { Instance } from "./instance.ts";
import type { SuperviseRuntime } from "./runtime.ts";

/** Every instance that has limits is looked at once in this time … */
const roundMs = 1_000;
/** … a part of them at a time, so that hundreds don't stall the kernel at once. */
const slicesPerRound = 4;
/** One look costs some 60 µs: beyond 300 instances a round takes longer instead of more of the kernel. */
const mostPerSlice = 75;
/** From this share of a limit on it is told that it is near. */
const warnShare = 0.8;
/** Told again only after the use has been below this share. */
const calmShare = 0.7;
/** CPU is an average over so long: a program may be busy for a moment, as each is when it starts. */
const cpuWindowMs = 10_000;

export type LimitedResource = "memory" | "cpu" | "processes" | "files";

/** In bytes, in cores, in numbers. */
type Consumption = Readonly<Record<LimitedResource, number>>;

type MonitorRuntime = Pick<SuperviseRuntime, "clock" | "emit" | "logs" | "orphanParents">;

/** What is watched: the supervisor's instances. */
interface Watchable {
  readonly roots: ReadonlySet<number>;
  all(): Iterable<Instance>;
}

interface Watched {
  readonly pid: number;
  /** All processes as last seen, so that one that slips away is kept hold of. */
  tree: readonly ProcessStat[];
  /** CPU time at moments of the window, oldest first. */
  readonly cpu: { readonly time: number; readonly cpuMs: number }[];
  readonly told: Map<LimitedResource, "near" | "over">;
}

/** Holds the process trees of instances to their limits: tells when one is near, and tells or kills when it is passed. */
export class LimitMonitor {
  readonly #runtime: MonitorRuntime;
  readonly #supervisor: Watchable;
  readonly #watched = new Map<string, Watched>();
  readonly #timer: ReturnType<typeof setInterval>;
  #round: Instance[] = [];
  #share = 0;

  constructor(runtime: MonitorRuntime, supervisor: Watchable) {
    this.#runtime = runtime;
    this.#supervisor = supervisor;
    this.#timer = setInterval(() => this.#slice(), roundMs / slicesPerRound);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #slice(): void {
    if (this.#round.length === 0) {
      this.#round = [...this.#supervisor.all()].filter(
        ({ plan, pid }) => plan.spec.limits !== undefined && pid !== null,
      );
      this.#share = Math.min(Math.ceil(this.#round.length / slicesPerRound), mostPerSlice);
      const known = new Set(this.#round.map(({ id }) => id));
      for (const id of this.#watched.keys()) if (!known.has(id)) this.#watched.delete(id);
    }
    const due = this.#round.splice(0, this.#share);
    if (due.length === 0) return;
    const orphanParents = this.#parentsOfOrphans();
    for (const instance of due) this.#look(instance, orphanParents);
  }

  /** Mostly none: then no instance's tree has to be searched among them. */
  #parentsOfOrphans(): number[] {
    const isOrphan = (pid: number) => pid !== process.pid && !this.#supervisor.roots.has(pid);
    return this.#runtime.orphanParents().filter((parent) => childrenOf(parent).some(isOrphan));
  }

  #look(instance: Instance, orphanParents: readonly number[]): void {
    const { limits } = instance.plan.spec;
    if (limits === undefined || instance.pid === null) return;
    const watched = this.#watchedOf(instance, instance.pid);
    watched.tree = processTree(
      {
        root: { pid: instance.pid },
        marker: { name: hostVariables.instance, value: instance.id },
        orphanParents,
        skip: this.#supervisor.roots,
      },
      watched.tree.filter(({ pid }) => pid !== watched.pid),
    );
    const used = consumptionOf(limits, watched, this.#runtime.clock);
    const limited: readonly (readonly [LimitedResource, number | undefined])[] = [
      ["memory", limits.memory_bytes],
      ["cpu", limits.cpu_cores],
      ["processes", limits.processes],
      ["files", limits.files],
    ];
    for (const [resource, limit] of limited) {
      if (limit !== undefined) this.#judge(instance, watched, { resource, used: used[resource], limit });
    }
  }

  #watchedOf(instance: Instance, pid: number): Watched {
    const known = this.#watched.get(instance.id);
    if (known?.pid === pid) return known;
    const watched: Watched = { pid, tree: [], cpu: [], told: new Map() };
    this.#watched.set(instance.id, watched);
    return watched;
  }

  #judge(
    instance: Instance,
    { told }: Watched,
    { resource, used, limit }: { resource: LimitedResource; used: number; limit: number },
  ): void {
    const before = told.get(resource);
    if (used > limit) {
      if (before === "over") return;
      told.set(resource, "over");
      this.#overstepped(instance, resource, used, limit);
    } else if (used >= limit * warnShare) {
      if (before !== undefined) return;
      told.set(resource, "near");
      this.#tell("resource_warning", instance, { resource, used, limit });
    } else if (used < limit * calmShare) told.delete(resource);
  }

  #overstepped(instance: Instance, resource: LimitedResource, used: number, limit: number): void {
    const action = instance.plan.spec.limits?.action ?? "kill";
    const reason = `uses more than its limit of ${resource}: ${used} > ${limit}`;
    this.#tell("resource_violation", instance, { resource, used, limit, action });
    if (action === "kill") void instance.putDown(reason, 0);
    else this.#runtime.logs.note(instance.plan.ref, instance.id, reason);
  }

  #tell(event: string, { plan, id }: Instance, data: Readonly<Record<string, unknown>>): void {
    this.#runtime.emit({ event, ref: plan.ref, instance: id, data });
  }
}

/** Of the whole tree; what has no limit is not measured. */
function consumptionOf(limits: LimitsSpec, watched: Watched, clock: Clock): Consumption {
  const total = { memory: 0, cpu: 0, processes: watched.tree.length, files: 0 };
  let cpuMs = 0;
  for (const { pid, utimeTicks, stimeTicks } of watched.tree) {
    cpuMs += ((utimeTicks + stimeTicks) * 1_000) / clockTicksPerSecond;
    if (limits.memory_bytes !== undefined) total.memory += readMemory(pid)?.rssBytes ?? 0;
    if (limits.files !== undefined) total.files += openFilesOf(pid);
  }
  return { ...total, cpu: limits.cpu_cores === undefined ? 0 : coresUsed(watched, clock.monotonic(), cpuMs) };
}

/** The average over the window; 0 until the window is full. */
function coresUsed({ cpu }: Watched, time: number, cpuMs: number): number {
  // A child that ended takes its time along: the total may fall.
  const last = cpu.at(-1);
  cpu.push({ time, cpuMs: Math.max(cpuMs, last?.cpuMs ?? 0) });
  while ((cpu[1]?.time ?? time) <= time - cpuWindowMs) cpu.shift();
  const first = cpu[0];
  if (first === undefined || time - first.time < cpuWindowMs) return 0;
  return Math.round(((cpuMs - first.cpuMs) / (time - first.time)) * 100) / 100;
}

function openFilesOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
