import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/**
 * Control groups (cgroups(7)) that bound how many processes and threads a program and all it starts may be, at the moment of
 * the fork: what is only looked at once a second has forked ten thousand times by then. Version 1's `pids` controller, where
 * this user may make groups in it. Undefined elsewhere.
 */
export function pidsFolder(): string | undefined {
  found ??= [findFolder()];
  return found[0];
}

/** A group of a program that is about to be started, to be entered by writing `0` to `fd`. */
export interface PidsGroup {
  readonly fd: number;
  close(): void;
}

/** Makes a group, or takes the one of that name. `most` counts threads too. @throws a system error when it can't be made */
export function openPidsGroup(folder: string, most: number): PidsGroup {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "pids.max"), String(most));
  // A thread that moves itself alone takes no lock that halts the forks of the machine: microseconds instead of some 20 ms. The
  // program is one thread when it enters.
  const fd = openSync(join(folder, "tasks"), "w");
  return { fd, close: () => closeSync(fd) };
}

/** Removes a group, when no process is left in it. */
export function removePidsGroup(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It is in use, or gone.
  }
}

/** Names of the groups within one. */
export function pidsGroupsIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    return [];
  }
}

let found: readonly [string | undefined] | undefined;

function findFolder(): string | undefined {
  try {
    const own = /^\d+:pids:(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1];
    if (own === undefined) return undefined;
    const folder = join("/sys/fs/cgroup/pids", own);
    accessSync(folder, constants.W_OK);
    accessSync(join(folder, "tasks"), constants.W_OK);
    return folder;
  } catch {
    return undefined;
  }
}
