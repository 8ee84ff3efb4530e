import { readdirSync, readFileSync } from "node:fs";
import { libc } from "./libc.ts";
import { type ProcessStat, parseStat } from "./process-stat.ts";

/** What identifies a process: a pid alone is reused. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: number;
}

/** `USER_HZ`, the unit of every time in /proc: 100 on x86-64 and arm64. */
export const clockTicksPerSecond = 100;

/** The process with this pid, zombies included; `undefined` when there is none. */
export function readStat(pid: number): ProcessStat | undefined {
  const text = readProc(`${pid}/stat`);
  return text === undefined ? undefined : parseStat(text);
}

/** Whether exactly this process still exists, as a zombie or alive. */
export function isSameProcess({ pid, startTime }: ProcessIdentity): boolean {
  return readStat(pid)?.startTime === startTime;
}

/** Whether a process still runs: a zombie has ended and only waits for its parent to read its status. */
export function isRunning(stat: ProcessStat | undefined): stat is ProcessStat {
  return stat !== undefined && stat.state !== "Z" && stat.state !== "X";
}

/** Resident memory, shared pages included. Zero for a zombie. */
export function readMemory(pid: number): { readonly rssBytes: number } | undefined {
  const text = readProc(`${pid}/statm`);
  if (text === undefined) return undefined;
  return { rssBytes: Number(text.split(" ")[1] ?? 0) * pageSize() };
}

/** Bytes of a page of memory. */
export function pageSize(): number {
  pageBytes ??= libc().getpagesize();
  return pageBytes;
}

/** Proportional memory: each shared page divided by its number of users. Slow (walks the page tables): for benches. */
export function readProportionalMemory(pid: number): { readonly pssBytes: number } | undefined {
  const match = /^Pss:\s+(\d+) kB$/m.exec(readProc(`${pid}/smaps_rollup`) ?? "");
  return match ? { pssBytes: Number(match[1]) * 1_024 } : undefined;
}

/** The environment a process was started with; `undefined` when it is gone, a zombie, or another user's. */
export function readEnvironment(pid: number): Map<string, string> | undefined {
  const text = readProc(`${pid}/environ`);
  if (text === undefined || text === "") return undefined;
  const environment = new Map<string, string>();
  for (const entry of text.split("\0")) {
    const equals = entry.indexOf("=");
    const name = entry.slice(0, equals);
    // A name given twice means its first value, as for getenv(3).
    if (equals > 0 && !environment.has(name)) environment.set(name, entry.slice(equals + 1));
  }
  return environment;
}

/** Pids of the direct children, zombies included. The kernel may leave one out while its siblings die: ask again. */
export function childrenOf(pid: number): number[] {
  const children: number[] = [];
  for (const thread of listThreads(pid)) {
    const text = readProc(`${pid}/task/${thread}/children`);
    for (const child of (text ?? "").split(" ")) if (child !== "") children.push(Number(child));
  }
  return children;
}

/** Pids of all children, their children and so on, parents before their children. */
export function descendantsOf(pid: number): number[] {
  const found = new Set<number>();
  const pending = [pid];
  for (let parent = pending.pop(); parent !== undefined; parent = pending.pop()) {
    for (const child of childrenOf(parent)) {
      if (child === pid || found.has(child)) continue;
      found.add(child);
      pending.push(child);
    }
  }
  return [...found];
}

/** Changes with every boot of the machine: start times and pids of another boot mean nothing. */
export function bootId(): string {
  boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return boot;
}

let pageBytes: number | undefined;
let boot: string | undefined;

function listThreads(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** A process may end between any two reads, so every failure means the same: it can't be seen any more. */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return undefined;
  }
}
