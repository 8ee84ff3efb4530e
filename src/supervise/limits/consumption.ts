import { readdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { LimitsSpec } from "../../api/index.ts";
import { clockTicksPerSecond, type ProcessScan, type ProcessStat, pageSize } from "../../system/index.ts";
import { UsageHistory, type UsageLevel } from "./history.ts";
import type { LimitedResource, Standing } from "./verdict.ts";

/** The limit of CPU is for an average over so long: a program may be busy for a moment, as each is when it starts. */
const cpuWindowMs = 10_000;
/** What is shown of the processor is an average over so long: it is counted in hundredths of a second. */
const shownWindowMs = 5_000;

/** All processors at once. Asked for once, since the answer is read from files. */
const mostPercent = availableParallelism() * 100;

/** What an instance uses, as it is shown. */
export interface Usage {
  /** Resident, of all its processes. */
  readonly rssBytes: number;
  /** Share of one core in percent, over the last seconds. */
  readonly cpuPercent: number;
}

export const noUsage: Usage = { rssBytes: 0, cpuPercent: 0 };

interface CpuTime {
  time: number;
  readonly cpuMs: number;
}

/** What is known of an instance's process tree from one look to the next. */
export interface Watched {
  readonly pid: number;
  /** All processes as last seen, so that one that slips away is kept hold of. */
  tree: readonly ProcessStat[];
  /** CPU time at moments of the window, oldest first. */
  readonly cpu: CpuTime[];
  /** Of the last look that found a process. */
  usage: Usage;
  used: Consumption;
  readonly told: Map<LimitedResource, Standing>;
  readonly history: UsageHistory;
}

export function watch(pid: number): Watched {
  return { pid, tree: [], cpu: [], usage: noUsage, used: nothing, told: new Map(), history: new UsageHistory() };
}

/** When a look was taken. All instances are looked at together, and asking for the time costs as much as a look. */
export interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

type Scan = Pick<ProcessScan, "get" | "treeOf">;

export interface Look {
  readonly scan: Scan;
  /** Pids of processes that are the instance's though they no longer descend from its root. */
  readonly orphans: readonly number[];
  readonly at: Moment;
  readonly calls: number;
  readonly limits: LimitsSpec | undefined;
}

export interface Consumption extends UsageLevel {
  /** Over the window; 0 until it is full. */
  readonly averageCores: number;
}

const nothing: Consumption = { memoryBytes: 0, cpuCores: 0, averageCores: 0, processes: 0, files: null, calls: 0 };

/** What an instance uses now, all its processes together: the same object for as long as nothing changes. */
export function consumptionOf(watched: Watched, { scan, orphans, at, calls, limits }: Look): Consumption {
  const others = stillThere(watched, scan);
  watched.tree = scan.treeOf(
    orphans.length + others.length === 0 ? [watched.pid] : [watched.pid, ...orphans, ...others],
  );
  let [ticks, pages] = [0, 0];
  for (const { utimeTicks, stimeTicks, rssPages } of watched.tree) {
    ticks += utimeTicks + stimeTicks;
    pages += rssPages;
  }
  const { lately, shown, average } = coresUsed(watched.cpu, at.monotonicMs, (ticks * 1_000) / clockTicksPerSecond);
  const rssBytes = pages * pageSize();
  if (watched.tree.length > 0) note(watched, rssBytes, Math.round(Math.min(shown * 100, mostPercent) * 10) / 10);
  const used: Consumption = {
    memoryBytes: rssBytes,
    cpuCores: lately,
    averageCores: average,
    processes: watched.tree.length,
    files: limits?.files === undefined ? null : watched.tree.reduce((sum, { pid }) => sum + openFilesOf(pid), 0),
    calls,
  };
  if (!isSame(used, watched.used)) watched.used = used;
  watched.history.add(at.wallMs, watched.used);
  return watched.used;
}

function note(watched: Watched, rssBytes: number, cpuPercent: number): void {
  if (watched.usage.rssBytes === rssBytes && watched.usage.cpuPercent === cpuPercent) return;
  watched.usage = { rssBytes, cpuPercent };
}

function isSame(one: Consumption, other: Consumption): boolean {
  return (
    one.memoryBytes === other.memoryBytes &&
    one.cpuCores === other.cpuCores &&
    one.averageCores === other.averageCores &&
    one.processes === other.processes &&
    one.files === other.files &&
    one.calls === other.calls
  );
}

/** Beside the root. */
function stillThere({ pid: root, tree }: Watched, scan: Scan): readonly number[] {
  if (tree.length <= 1) return none;
  const others = tree.filter(({ pid, startTime }) => pid !== root && scan.get(pid)?.startTime === startTime);
  return others.map(({ pid }) => pid);
}

const none: readonly number[] = [];

function coresUsed(cpu: CpuTime[], time: number, cpuMs: number): { lately: number; shown: number; average: number } {
  const last = cpu.at(-1);
  // A child that ended takes its time along: the total may fall.
  const total = Math.max(cpuMs, last?.cpuMs ?? 0);
  const before = last?.time ?? time;
  if (last !== undefined && total === last.cpuMs && total === cpu.at(-2)?.cpuMs) last.time = time;
  else cpu.push({ time, cpuMs: total });
  const start = time - cpuWindowMs;
  while ((cpu[1]?.time ?? time) <= start) cpu.shift();
  const [first, second] = cpu;
  const isFull = first !== undefined && first.time <= start;
  // While it did nothing its two ends were kept alone: the window begins between them.
  if (first !== undefined && first.cpuMs === second?.cpuMs) first.time = Math.max(first.time, start);
  if (last === undefined || first === undefined || total === first.cpuMs) return atRest;
  const recent = Math.max(
    0,
    cpu.findIndex((one) => one.time >= time - shownWindowMs),
  );
  const from = cpu[recent] ?? first;
  const rested = cpu[recent - 1]?.cpuMs === from.cpuMs;
  return {
    lately: rounded(coresBetween(before, last.cpuMs, time, total)),
    shown: coresBetween(rested ? time - shownWindowMs : from.time, from.cpuMs, time, total),
    average: isFull ? rounded(coresBetween(first.time, first.cpuMs, time, total)) : 0,
  };
}

const atRest = { lately: 0, shown: 0, average: 0 };

function coresBetween(from: number, fromMs: number, to: number, toMs: number): number {
  return to <= from ? 0 : (toMs - fromMs) / (to - from);
}

function rounded(cores: number): number {
  return Math.round(cores * 100) / 100;
}

/** Linux tells the number as the folder's size from 6.2 on (proc_pid_fd(5)); before, it has to be counted. */
function openFilesOf(pid: number): number {
  try {
    return statSync(`/proc/${pid}/fd`).size || readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
