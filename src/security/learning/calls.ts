import { accessSync, constants, lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type HeldCall, readTaskMemory, readTaskPath, socketProtocol } from "../../system/index.ts";
import { interpretersOf } from "./interpreters.ts";
import type { FileAccess, Use } from "./uses.ts";

/** Tells of calls what they are about to use of what a sandbox has rules on. */
export class CallReader {
  /** Files that were opened before: programs open the same ones again and again. */
  readonly #opened = new Set<string>();

  /**
   * To be asked before the call goes on, which may change what it names. What can't succeed anyway, since nothing is there or the
   * user may not, is no use, and what was opened before is none again.
   *
   * @returns `unseen` when the process may not be looked at
   */
  usesOf(held: HeldCall): Found {
    const { thread, args } = held;
    const [first, second, third, fourth] = args;
    const atOrItself = (descriptor: bigint, address: bigint): Name => {
      const text = readTaskPath(thread, address);
      if (text === undefined) return "unseen";
      return text === null ? "nothing" : { thread, base: baseOf(thread, descriptor), text };
    };
    const at = (descriptor: bigint, address: bigint): Name => {
      const named = atOrItself(descriptor, address);
      return typeof named === "object" && named.text === "" ? "nothing" : named;
    };
    const here = (address: bigint) => at(workingFolder, address);
    switch (held.call) {
      case "open":
        return this.#open(here(first), Number(second));
      case "creat":
        return this.#open(here(first), create | writeOnly);
      case "openat":
        return this.#open(at(first, second), Number(BigInt.asUintN(32, third)));
      case "openat2":
        return this.#open(at(first, second), flagsAt(thread, third));
      case "truncate":
        return this.#open(here(first), writeOnly);
      case "execve":
        return executed(here(first));
      case "execveat":
        return executed(atOrItself(first, second));
      case "mkdir":
      case "mknod":
        return made(here(first));
      case "mkdirat":
      case "mknodat":
        return made(at(first, second));
      case "symlink":
        return made(here(second));
      case "symlinkat":
        return made(at(second, third));
      case "rmdir":
      case "unlink":
        return removed(here(first));
      case "unlinkat":
        return removed(at(first, second));
      case "link":
      case "rename":
        return moved(here(first), here(second));
      case "linkat":
        return moved(atOrItself(first, second), at(third, fourth));
      case "renameat":
      case "renameat2":
        return moved(at(first, second), at(third, fourth));
      case "connect":
      case "bind":
        return addressed(held);
    }
  }

  #open(named: Name, flags: number): Found {
    if (typeof named === "string") return without(named);
    const path = whole(named);
    const access = (flags & (writeOnly | readWrite | constants.O_TRUNC)) === 0 ? "read" : "write";
    const key = `${access}:${path}`;
    if (this.#opened.has(key)) return [];
    const real = realOf(path);
    if (real === undefined) return (flags & create) === 0 ? [] : made(behindLink(named));
    if (this.#opened.size >= mostRemembered) this.#opened.clear();
    this.#opened.add(key);
    return use(access, real);
  }
}

/** What a program that is executed directly uses. */
export function usesOfProgram(path: string): readonly Use[] {
  const real = realOf(path);
  if (real === undefined || statSync(real, { throwIfNoEntry: false })?.isFile() !== true) return [];
  const own = use("execute", real);
  return own.length === 0 ? [] : [...own, ...interpretersOf(real).flatMap((program) => use("execute", program))];
}

const mostRemembered = 20_000;

type Found = readonly Use[] | "unseen";

/** `nothing` where the system would find no path either. */
type Name = Named | "nothing" | "unseen";

/** A path as a process says it. */
interface Named {
  readonly thread: number;
  /** What it starts at unless it is absolute: a link in /proc. */
  readonly base: string;
  readonly text: string;
}

function without(named: "nothing" | "unseen"): Found {
  return named === "nothing" ? [] : named;
}

function executed(named: Name): Found {
  return typeof named === "string" ? without(named) : usesOfProgram(whole(named));
}

/** What is there already is not made. */
function made(named: Name): Found {
  if (typeof named === "string") return without(named);
  return isThere(named) ? [] : (changedFolder(named) ?? []);
}

function removed(named: Name): Found {
  if (typeof named === "string") return without(named);
  return isThere(named) ? (changedFolder(named) ?? []) : [];
}

function moved(from: Name, to: Name): Found {
  if (typeof from === "string") return without(from);
  if (typeof to === "string") return without(to);
  if (!isThere(from)) return [];
  const [source, target] = [changedFolder(from), changedFolder(to)];
  if (source === undefined || target === undefined) return [];
  // A file without a name, which is linked to by its descriptor, comes from no folder.
  return whole(from).startsWith("/proc/") ? target : [...source, ...target];
}

/** Who makes or removes a name changes the folder that it is in; undefined where there is none. */
function changedFolder(named: Named): readonly Use[] | undefined {
  const path = whole(named).replace(/\/+$/, "");
  const folder = realOf(dirname(path));
  if (folder === undefined || statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined;
  return use("write", folder);
}

function addressed({ thread, call, args: [descriptor, address, length] }: HeldCall): Found {
  const bytes = readTaskMemory(thread, address, Math.min(Number(length), longestAddress));
  if (bytes === undefined) return "unseen";
  if (bytes.length < shortestAddress) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const family = view.getUint16(0, true);
  if (family === unix) return call === "bind" ? bound(thread, bytes.subarray(2)) : [];
  if ((family !== internet && family !== internet6) || bytes.length < portEnd) return [];
  // UDP is not restricted.
  if (!socketProtocol(thread, Number(BigInt.asIntN(32, descriptor)))?.startsWith("TCP")) return [];
  return [{ access: call === "bind" ? "listen" : "connect", target: view.getUint16(2) }];
}

/** A unix socket that is bound to a path comes to be there. */
function bound(thread: number, path: Uint8Array): Found {
  const text = new TextDecoder().decode(path).replace(/\0.*$/s, "");
  return text === "" ? [] : made({ thread, base: baseOf(thread, workingFolder), text });
}

/** Without what the user may not do, whatever a sandbox says. */
function use(access: FileAccess, target: string): readonly Use[] {
  // A service has no terminal.
  if (target === "/dev/tty") return [];
  const mode = { read: constants.R_OK, write: constants.W_OK, execute: constants.X_OK }[access];
  try {
    accessSync(target, mode);
    return [{ access, target }];
  } catch {
    return [];
  }
}

/** What may not be looked at is as good as not there. */
function isThere(named: Named): boolean {
  try {
    lstatSync(whole(named));
    return true;
  } catch {
    return false;
  }
}

/** Without links; undefined for what is not there, has no name, or may not be looked at. */
function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** What is made by the name of a link that leads to nothing is made where it leads to. */
function behindLink(named: Named): Named {
  const path = whole(named);
  try {
    return { ...named, text: resolve(dirname(path), readlinkSync(path)) };
  } catch {
    return named;
  }
}

/** As it is for this process: its own entry in /proc is another one. */
function whole({ thread, base, text }: Named): string {
  if (text === "") return base;
  const path = text.startsWith("/") ? text : `${linkedBy(base)}/${text}`;
  const own = /^\/(?:proc\/(?:self|thread-self)|dev\/(fd)|dev\/(stdin|stdout|stderr)$)(?=\/|$)/.exec(path);
  if (own === null) return path;
  const [prefix, descriptors, stream] = own;
  if (stream !== undefined) return `/proc/${thread}/fd/${["stdin", "stdout", "stderr"].indexOf(stream)}`;
  return join(`/proc/${thread}`, descriptors ?? "", path.slice(prefix.length));
}

function linkedBy(base: string): string {
  try {
    return readlinkSync(base);
  } catch {
    return base;
  }
}

function baseOf(thread: number, descriptor: bigint): string {
  const number = Number(BigInt.asIntN(32, descriptor));
  return number === Number(workingFolder) ? `/proc/${thread}/cwd` : `/proc/${thread}/fd/${number}`;
}

/** `struct open_how` begins with its flags. */
function flagsAt(thread: number, address: bigint): number {
  const bytes = readTaskMemory(thread, address, 4);
  return bytes === undefined || bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}

/** `AT_FDCWD`. */
const workingFolder = -100n;
const { O_CREAT: create, O_WRONLY: writeOnly, O_RDWR: readWrite } = constants;
/** AF_UNIX, AF_INET, AF_INET6; `struct sockaddr_un`. */
const [unix, internet, internet6] = [1, 2, 10];
const shortestAddress = 3;
const portEnd = 4;
const longestAddress = 110;
