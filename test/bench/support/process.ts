import { readFileSync } from "node:fs";

/** What a process used of the processor so far, of all its threads, in user and system mode (proc(5)). */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) * (1_000 / ticksPerSecond);
}

/** What it has in memory at the moment. */
export function residentMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_000;
}

/** The same on every Linux that Bun runs on. */
const ticksPerSecond = 100;
