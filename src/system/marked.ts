import { readdirSync } from "node:fs";
import { isRunning, readEnvironment, readStat } from "./proc.ts";
import type { ProcessStat } from "./process-stat.ts";

/**
 * Every live process of the machine whose environment has a variable, by its value; the oldest of each first. Reads the
 * environment of all processes that it may read: for the rare moment when nothing else tells whose a process is.
 */
export function processesByMarker(name: string): Map<string, ProcessStat[]> {
  const found = new Map<string, ProcessStat[]>();
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const value = readEnvironment(pid)?.get(name);
    const stat = value === undefined ? undefined : readStat(pid);
    if (value === undefined || !isRunning(stat)) continue;
    found.set(value, [...(found.get(value) ?? []), stat]);
  }
  for (const members of found.values()) {
    members.sort((one, other) => one.startTime - other.startTime || one.pid - other.pid);
  }
  return found;
}
