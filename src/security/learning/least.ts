import { dirname } from "node:path";
import { isTooWide, isWithin, ownFolderAt, type SandboxPlace } from "../sandbox/place.ts";
import type { FileAccess, UseLists } from "./uses.ts";

/** What a service's owner says that it may use beyond its own. */
export interface Declared {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly connect: "any" | readonly number[];
  readonly listen: "any" | readonly number[];
}

/** A use that nothing should be declared for, and why. */
export interface LeftOut {
  readonly access: FileAccess;
  readonly target: string;
  readonly reason: string;
}

export interface Least {
  /** What `sandbox` has to say for it to be allowed, and no more. */
  readonly sandbox: { read: string[]; write: string[]; connect: "any" | number[]; listen: "any" | number[] };
  readonly left_out: LeftOut[];
  /** What is declared and was not used, by its name in `solo.toml`. */
  readonly unused: { setting: string; value: string }[];
}

/** From so many files or folders in one folder on, that one stands for all in it. */
export const many = 4;

/**
 * The least that allows what was used and is not allowed anyway.
 *
 * @param isThere whether there is something at a path: no rule can be made for what is not
 */
export function leastSandbox(
  uses: UseLists,
  declared: Declared,
  place: SandboxPlace,
  isThere: (path: string) => boolean,
): Least {
  const left: LeftOut[] = [];
  /** Of paths that may be declared; the others are told why not, unless something else covers them. */
  const declarable = (access: FileAccess, paths: readonly string[], isCovered: (path: string) => boolean) =>
    paths
      .map((path) => (path === "/" ? path : path.replace(/\/$/, "")))
      .filter((target) => {
        if (isCovered(target)) return false;
        const reason = whyNot(access, target, place, isThere);
        if (reason !== undefined) left.push({ access, target, reason });
        return reason === undefined;
      });
  const fold = (paths: readonly string[]) =>
    folded(paths, (folder) => mayStandForAll(folder, place) && isThere(folder));
  const write = fold(declarable("write", uses.write, () => false));
  const isWritten = (path: string) => write.some((folder) => isWithin(path, folder));
  // To read is part of to write, to execute is not.
  const executed = declarable("execute", uses.execute, () => false);
  const read = fold([...declarable("read", uses.read, isWritten), ...executed]);
  const ports = (used: readonly number[]) => (used.includes(0) ? ("any" as const) : [...used]);
  const sandbox = {
    read,
    write,
    connect: ports(uses.connect.filter((port) => port !== 0)),
    listen: ports(uses.listen),
  };
  return { sandbox, left_out: left, unused: unusedOf(declared, sandbox) };
}

/** Paths without those that lie within another one. */
function outermost(paths: readonly string[]): string[] {
  const all = [...new Set(paths)].sort();
  return all.filter((path) => !all.some((other) => other !== path && isWithin(path, other)));
}

function folded(paths: readonly string[], mayStand: (folder: string) => boolean): string[] {
  for (let all = outermost(paths); ; ) {
    const inFolder = Map.groupBy(all, (path) => dirname(path));
    const full = [...inFolder].filter(([folder, list]) => list.length >= many && mayStand(folder));
    if (full.length === 0) return all;
    all = outermost([...all, ...full.map(([folder]) => folder)]);
  }
}

/** Whether a folder may be declared for what is in it, though it was not used itself. */
function mayStandForAll(folder: string, place: SandboxPlace): boolean {
  const isDeep = folder.split("/").length > 2;
  return isDeep && !manyPrograms.has(folder) && !isTooWide(folder, place);
}

/** Each of them holds files of many programs. */
const manyPrograms: ReadonlySet<string> = new Set(["/var/cache", "/var/lib", "/var/log", "/var/run", "/var/spool"]);

/** Made for whatever any program leaves there. */
const temporaryFolders: ReadonlySet<string> = new Set(["/tmp", "/var/tmp", "/dev/shm"]);

function whyNot(
  access: FileAccess,
  path: string,
  place: SandboxPlace,
  isThere: (path: string) => boolean,
): string | undefined {
  if (isWithin(path, "/proc")) return "it is a process's, and has another name the next time";
  if (!isThere(path)) return "it is no longer there";
  if (ownFolderAt(path, place) !== undefined) return "it would open Solo's own data";
  if (!isTooWide(path, place) || (access === "write" && temporaryFolders.has(path))) return undefined;
  return access === "read"
    ? "it was listed, and holds more than this service's own: most programs go on without"
    : "something in it was made or removed, and it holds more than this service's own: give it another folder";
}

function unusedOf(declared: Declared, least: Least["sandbox"]): Least["unused"] {
  const paths = (["read", "write"] as const).flatMap((access) => {
    const needed = access === "read" ? [...least.read, ...least.write] : least.write;
    const isNeeded = (path: string) => needed.some((other) => isWithin(other, path) || isWithin(path, other));
    return declared[access].filter((path) => !isNeeded(path)).map((value) => ({ setting: `sandbox.${access}`, value }));
  });
  const ports = (["connect", "listen"] as const).flatMap((access) => {
    const [said, needed] = [declared[access], least[access]];
    const idle = said === "any" ? (needed === "any" ? [] : ["any"]) : said.filter((port) => !hasPort(needed, port));
    return idle.map((value) => ({ setting: `sandbox.${access}`, value: String(value) }));
  });
  return [...paths, ...ports];
}

function hasPort(ports: "any" | readonly number[], port: number): boolean {
  return ports === "any" || ports.includes(port);
}
