import { readdirSync, readFileSync } from "node:fs";
import { isRunning, isSameProcess, type ProcessIdentity, readStat } from "../../system/index.ts";

/** The guardians above a data directory, known by their command line: they keep no file that could be stale. */
export function guardiansOf(dataDir: string): ProcessIdentity[] {
  return readdirSync("/proc").flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || !guards(pid, dataDir)) return [];
    const stat = readStat(pid);
    return isRunning(stat) ? [stat] : [];
  });
}

/** Ends guardians that have no kernel, so that they start none again. One that has a kernel passes the request on to it. */
export async function endGuardians(dataDir: string): Promise<void> {
  const guardians = guardiansOf(dataDir);
  for (const { pid } of guardians) {
    try {
      process.kill(pid, "SIGTERM");
    } catch {
      // It ended by itself, as it does when nothing is left to guard.
    }
  }
  const deadline = performance.now() + endMs;
  while (guardians.some(isSameProcess) && performance.now() < deadline) await Bun.sleep(pollMs);
}

function guards(pid: number, dataDir: string): boolean {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const flag = words.indexOf("--data-dir");
    return words.includes("__guardian") && flag >= 0 && words[flag + 1] === dataDir;
  } catch {
    return false;
  }
}

/** A guardian without a kernel ends at once. */
const endMs = 2_000;
const pollMs = 5;
