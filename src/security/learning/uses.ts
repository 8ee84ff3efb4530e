import { dirname } from "node:path";

/** What a service may be allowed, and so what it may be seen to use. Files: absolute paths without links. TCP: ports. */
export type FileAccess = "read" | "write" | "execute";
export type PortAccess = "connect" | "listen";

export interface FileUse {
  readonly access: FileAccess;
  readonly target: string;
}

export interface PortUse {
  readonly access: PortAccess;
  readonly target: number;
}

export type Use = FileUse | PortUse;

/** Uses in a form that can be kept and sent; each list sorted. */
export interface UseLists {
  readonly read: string[];
  readonly write: string[];
  readonly execute: string[];
  /** 0: a port that the system chooses. */
  readonly connect: number[];
  readonly listen: number[];
}

/** So many paths are kept of each access. Beyond, the folder with the most of them stands for all in it. */
export const mostPaths = 2_000;
/** A folder stands for what was used in it only from so many paths on. */
const leastToFold = 8;

/** Everything that was used, each once, in bounded room. */
export class Uses {
  readonly #paths: Readonly<Record<FileAccess, Set<string>>> = {
    read: new Set(),
    write: new Set(),
    execute: new Set(),
  };
  readonly #ports: Readonly<Record<PortAccess, Set<number>>> = { connect: new Set(), listen: new Set() };

  /** @returns whether it is news; not for a path in a folder that stands for all in it */
  add(use: Use): boolean {
    if (isPortUse(use)) return addTo(this.#ports[use.access], use.target);
    const paths = this.#paths[use.access];
    if (foldersAbove(use.target).some((folder) => paths.has(`${folder}/`))) return false;
    if (!addTo(paths, use.target)) return false;
    if (paths.size > mostPaths) fold(paths);
    return true;
  }

  addAll(lists: UseLists): void {
    for (const access of ["read", "write", "execute"] as const) {
      for (const target of lists[access]) this.add({ access, target });
    }
    for (const access of ["connect", "listen"] as const) {
      for (const target of lists[access]) this.add({ access, target });
    }
  }

  lists(): UseLists {
    const { read, write, execute } = this.#paths;
    const { connect, listen } = this.#ports;
    const ordered = (ports: Set<number>) => [...ports].sort((one, other) => one - other);
    return {
      read: [...read].sort(),
      write: [...write].sort(),
      execute: [...execute].sort(),
      connect: ordered(connect),
      listen: ordered(listen),
    };
  }
}

/** Every folder above a path, from the nearest on. */
export function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let folder = dirname(path); folder !== "/"; folder = dirname(folder)) folders.push(folder);
  return folders;
}

export function isPortUse(use: Use): use is PortUse {
  return use.access === "connect" || use.access === "listen";
}

function addTo<Value>(values: Set<Value>, value: Value): boolean {
  if (values.has(value)) return false;
  values.add(value);
  return true;
}

/** Puts folders, with a slash at their end, in the place of what lies beneath them, until there is room for as much again. */
function fold(paths: Set<string>): void {
  const counts = new Map<string, number>();
  for (const path of paths) {
    for (const folder of foldersAbove(path)) counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  // The deepest of those with many: what is taken along beyond what was used is least there.
  const full = [...counts].filter(([, count]) => count >= leastToFold);
  full.sort(([one, few], [other, many]) => depth(other) - depth(one) || many - few);
  for (const [folder] of full) {
    if (paths.size <= mostPaths / 2) return;
    for (const path of paths) if (path.startsWith(`${folder}/`)) paths.delete(path);
    paths.add(`${folder}/`);
  }
  // Nothing has much in common with anything: the first ones are as good as any.
  for (const path of [...paths].slice(mostPaths)) paths.delete(path);
}

function depth(path: string): number {
  return path.split("/").length;
}
