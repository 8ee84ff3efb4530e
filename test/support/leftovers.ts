import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface Leftover {
  readonly pid: number;
  readonly command: string;
}

/**
 * The processes that have to do with a folder: in their environment, their arguments, their working directory or the files
 * they hold open. This process and its ancestors are none. Zombies are none either.
 */
export function processesOf(folder: string): Leftover[] {
  const own = new Set(ancestors(process.pid));
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => !own.has(pid) && concerns(pid, folder))
    .map((pid) => ({ pid, command: read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim() }));
}

function concerns(pid: number, folder: string): boolean {
  if (/^State:\s*Z/m.test(read(`/proc/${pid}/status`))) return false;
  if (read(`/proc/${pid}/environ`).includes(folder) || read(`/proc/${pid}/cmdline`).includes(folder)) return true;
  if (link(`/proc/${pid}/cwd`).startsWith(folder)) return true;
  return list(`/proc/${pid}/fd`).some((fd) => link(`/proc/${pid}/fd/${fd}`).startsWith(folder));
}

function ancestors(pid: number): number[] {
  const parent = Number(/^PPid:\s*(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
  return parent > 0 ? [pid, ...ancestors(parent)] : [pid];
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
