import { readdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { LimitsSpec } from "../../api/index.ts";
import { type Clock, clockTicksPerSecond, type ProcessScan, type ProcessStat, pageSize } from "../../system/index.ts";
import { UsageHistory, type UsageSample } from "./history.ts";
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
  readonly time: number;
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
  usage: Usage | undefined;
  readonly told: Map<LimitedResource, Standing>;
  readonly history: UsageHistory;
}

export function watch(pid: number): Watched {
  return { pid, tree: [], cpu: [], usage: undefined, told: new Map(), history: new UsageHistory() };
}

export interface Look {
  readonly scan: ProcessScan;
  /** Pids of processes that are the instance's though they no longer descend from its root. */
  readonly orphans: readonly number[];
  readonly clock: Clock;
  readonly calls: number;
  readonly limits: LimitsSpec | undefined;
}

export interface Consumption extends UsageSample {
  /** Over the window; 0 until it is full. */
  readonly averageCores: number;
}

/** What an instance uses now, all its processes together. */
export function consumptionOf(watched: Watched, { scan, orphans, clock, calls, limits }: Look): Consumption {
  watched.tree = scan.treeOf([watched.pid, ...orphans, ...stillThere(watched, scan)]);
  let [ticks, pages] = [0, 0];
  for (const { utimeTicks, stimeTicks, rssPages } of watched.tree) {
    ticks += utimeTicks + stimeTicks;
    pages += rssPages;
  }
  const { lately, shown, average } = coresUsed(watched, clock.monotonic(), (ticks * 1_000) / clockTicksPerSecond);
  const rssBytes = pages * pageSize();
  if (watched.tree.length > 0) {
    watched.usage = { rssBytes, cpuPercent: Math.round(Math.min(shown * 100, mostPercent) * 10) / 10 };
  }
  const sample: UsageSample = {
    time: clock.now(),
    memoryBytes: rssBytes,
    cpuCores: lately,
    processes: watched.tree.length,
    files: limits?.files === undefined ? null : watched.tree.reduce((sum, { pid }) => sum + openFilesOf(pid), 0),
    calls,
  };
  watched.history.add(sample);
  return { ...sample, averageCores: average };
}

/** Beside the root. */
function stillThere({ pid: root, tree }: Watched, scan: ProcessScan): number[] {
  const others = tree.filter(({ pid, startTime }) => pid !== root && scan.get(pid)?.startTime === startTime);
  return others.map(({ pid }) => pid);
}

function coresUsed({ cpu }: Watched, time: number, cpuMs: number): { lately: number; shown: number; average: number } {
  const last = cpu.at(-1);
  // A child that ended takes its time along: the total may fall.
  const total = Math.max(cpuMs, last?.cpuMs ?? 0);
  cpu.push({ time, cpuMs: total });
  while ((cpu[1]?.time ?? time) <= time - cpuWindowMs) cpu.shift();
  const first = cpu[0];
  const now = { time, cpuMs: total };
  const isFull = first !== undefined && time - first.time >= cpuWindowMs;
  const shownFrom = cpu.find((one) => one.time >= time - shownWindowMs);
  return {
    lately: rounded(coresBetween(last, now)),
    shown: coresBetween(shownFrom, now),
    average: isFull ? rounded(coresBetween(first, now)) : 0,
  };
}

function coresBetween(before: CpuTime | undefined, now: CpuTime): number {
  if (before === undefined || now.time <= before.time) return 0;
  return (now.cpuMs - before.cpuMs) / (now.time - before.time);
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
