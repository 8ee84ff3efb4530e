import { closeSync, constants, openSync, readlinkSync } from "node:fs";
import { EscapeError } from "./errno.ts";

/** Linux's limit on symbolic links in one path (path_resolution(7)). */
const maxSymlinks = 40;

/** `O_PATH` of open(2), which Node does not name; the same on x64 and arm64. */
const openPath = 0o10000000;

/**
 * Finds a guest's path below a folder and runs `use` with a path of the host that names the same thing. Every component is
 * opened from its parent without following links, so that neither `..`, nor an absolute path, nor a symbolic link, nor a
 * folder that is exchanged meanwhile leads out of the root.
 *
 * The path handed to `use` goes through `/proc/self/fd` and is valid only during the call. Its last component may still be a
 * symbolic link: operate on it without following.
 *
 * @param root descriptor of the folder
 * @param follow whether a symbolic link as the last component is followed
 * @throws EscapeError when the path leads out; otherwise the errors of `node:fs`
 */
export function beneath<T>(root: number, path: string, follow: boolean, use: (hostPath: string) => T): T {
  const walk: Walk = { folders: [root], rest: components(path), links: 0 };
  try {
    return use(walkToLast(walk, follow || path.endsWith("/")));
  } finally {
    for (const fd of walk.folders.slice(1)) closeSync(fd);
  }
}

interface Walk {
  /** Descriptors of the folders from the root to the current one. */
  readonly folders: number[];
  /** Components still to go, the next one last. */
  readonly rest: string[];
  links: number;
}

function walkToLast(walk: Walk, follow: boolean): string {
  for (let name = walk.rest.pop(); name !== undefined; name = walk.rest.pop()) {
    if (name === "..") {
      leaveFolder(walk);
      continue;
    }
    const here = `/proc/self/fd/${walk.folders.at(-1)}/${name}`;
    const isLast = walk.rest.length === 0;
    const target = isLast && !follow ? undefined : linkTarget(here, isLast);
    if (target !== undefined) {
      if (++walk.links > maxSymlinks) throw Object.assign(new Error("too many links"), { code: "ELOOP" });
      walk.rest.push(...components(target));
    } else if (isLast) {
      return here;
    } else {
      walk.folders.push(openSync(here, openPath | constants.O_DIRECTORY | constants.O_NOFOLLOW));
    }
  }
  return `/proc/self/fd/${walk.folders.at(-1)}/.`;
}

function leaveFolder(walk: Walk): void {
  if (walk.folders.length === 1) throw new EscapeError("the path leads above its root");
  const left = walk.folders.pop();
  if (left !== undefined) closeSync(left);
}

/** What a symbolic link points to; undefined for anything else, and for a last component that does not exist yet. */
function linkTarget(path: string, mayBeMissing: boolean): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EINVAL" || (code === "ENOENT" && mayBeMissing)) return undefined;
    throw error;
  }
}

function components(path: string): string[] {
  if (path === "") throw Object.assign(new Error("empty path"), { code: "ENOENT" });
  if (path.includes("\0")) throw Object.assign(new Error("NUL in path"), { code: "EINVAL" });
  if (path.startsWith("/")) throw new EscapeError("the path is absolute");
  return path
    .split("/")
    .filter((name) => name !== "" && name !== ".")
    .reverse();
}
