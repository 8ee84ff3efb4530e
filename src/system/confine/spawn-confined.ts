import { cc, dlopen, type Pointer, ptr } from "bun:ffi";
import { closeSync, writeSync } from "node:fs";
import { systemError } from "../libc.ts";
import { type Ruleset, readingRights } from "./landlock.ts";
import { namespaceFlags } from "./namespaces.ts";
import source from "./spawn.c" with { type: "text" };

export interface ResourceLimit {
  readonly resource: "cpu" | "file_size" | "core" | "open_files";
  readonly value: number;
}

/** A program to be started confined, for whom what it is confined to is decided elsewhere. */
export interface ConfinedProgram {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;
}

/** A program and what it is confined to, which nothing it starts can shed. */
export interface ConfinedOrder extends Omit<ConfinedProgram, "command"> {
  /** Absolute; no search path is consulted. */
  readonly path: string;
  /** With the program's own name in front. */
  readonly args: readonly string[];
  readonly ruleset: Ruleset | undefined;
  /** A seccomp filter, see `denyFilter`. */
  readonly filter: Uint8Array | undefined;
  readonly limits: readonly ResourceLimit[];
  /** Capabilities (capabilities(7)), by number, that even a program of root's can't get. Only root may give any. */
  readonly dropCapabilities: readonly number[];
  /** Descriptors of the control groups that it enters, see `ControlGroups`. */
  readonly groups?: readonly number[];
  /** How soon it is ended when the machine has no memory left (proc_pid_oom_score_adj(5)), and what it starts. */
  readonly preference?: number;
  readonly watch?: CallWatch | undefined;
  /** Whether it gets processes, mounts and System V IPC of its own (namespaces(7)), see `namespacesHere`: it is process 1 then. */
  readonly namespaces?: boolean;
}

/** Has somebody else look at calls of a program, and of what it starts, before they are carried out. */
export interface CallWatch {
  /** See `watchFilter`. */
  readonly filter: Uint8Array;
  /** The same number that the filter was made with. */
  readonly pass: number;
  /** Unix socket over which the listener is sent. */
  readonly socket: number;
}

/** Which step kept a program from being started, for the message. */
export class ConfineError extends Error {
  override readonly name = "ConfineError";
  constructor(
    readonly step: ConfineStep,
    readonly system: NodeJS.ErrnoException,
  ) {
    super(`${step}: ${system.message}`, { cause: system });
  }
}

export type ConfineStep = (typeof steps)[number];

/**
 * Starts a program in a session of its own that confines itself before it is executed: no new privileges, resource
 * limits, the Landlock rules, the seccomp filter; every descriptor but the three given is closed, every signal is as by
 * default. This thread waits until the program is executed, for less than a millisecond.
 *
 * It has to happen between vfork(2) and execve(2), where no JavaScript can run: a few lines of C do it. The child is this
 * process's, but not known to Bun: its end is seen by a pidfd, its status by `readExitStatus`.
 *
 * @throws ConfineError with the step that the system refused; nothing runs then
 */
export function spawnConfined(order: ConfinedOrder): number {
  const { spawn, functions } = native();
  const keep: (Uint8Array | BigUint64Array)[] = [];
  const bytes = (text: string) => hold(keep, Buffer.from(`${text}\0`));
  const list = (texts: readonly string[]) => hold(keep, words([...texts.map(bytes), 0n]));
  const limits = order.limits.flatMap(({ resource, value }) => [
    BigInt(resources[resource]),
    BigInt(value),
    BigInt(value),
  ]);
  const { ruleset, watch } = order;
  // `struct sock_fprog`: u16 length, padding, pointer.
  const filter = (code: Uint8Array | undefined) =>
    code === undefined ? 0n : hold(keep, words([BigInt(code.length / 8), hold(keep, code)]));
  const fields = words([
    bytes(order.path),
    list(order.args),
    list(Object.entries(order.env).map(([name, value]) => `${name}=${value}`)),
    bytes(order.cwd),
    BigInt(order.stdin),
    BigInt(order.stdout),
    BigInt(order.stderr),
    BigInt.asUintN(64, BigInt(ruleset?.fd ?? -1)),
    0n,
    filter(order.filter),
    limits.length === 0 ? 0n : hold(keep, words(limits)),
    BigInt(limits.length / 3),
    order.dropCapabilities.reduce((mask, capability) => mask | (1n << BigInt(capability)), 0n),
    hold(keep, words([...(order.groups ?? []), -1].map((fd) => BigInt.asUintN(64, BigInt(fd))))),
    order.preference === undefined ? 0n : bytes(String(order.preference)),
    filter(watch?.filter),
    BigInt.asUintN(64, BigInt(watch?.socket ?? -1)),
    BigInt(watch?.pass ?? 0),
    BigInt(order.namespaces ? namespaceFlags() : 0),
    bytes(`${process.geteuid?.()} ${process.geteuid?.()} 1`),
    bytes(`${process.getegid?.()} ${process.getegid?.()} 1`),
    BigInt(readingRights),
    0n,
    0n,
    0n,
  ]);
  const pid = spawn(ptr(functions), ptr(fields));
  // What the addresses point to is needed until here, which its last use has to say.
  keep.length = 0;
  const [step, failure] = [Number(fields[stepField]), Number(fields[stepField + 1])];
  const started = Number(fields[stepField - 1]);
  // The child that made the namespaces has done so.
  if (started > 0) reap(pid);
  if (failure === 0) return started > 0 ? started : pid;
  if (pid > 0) reap(started > 0 ? started : pid);
  throw new ConfineError(steps[step] ?? "fork", systemError(steps[step] ?? "fork", order.path, failure));
}

/** Whether confined programs can be started here at all: the C code could be compiled. */
export function canConfine(): boolean {
  try {
    native();
    return true;
  } catch {
    return false;
  }
}

function hold(keep: (Uint8Array | BigUint64Array)[], value: Uint8Array | BigUint64Array): bigint {
  keep.push(value);
  return BigInt(ptr(value));
}

/** In memory of its own: the address of a small typed array without an ArrayBuffer may change. */
function words(values: readonly bigint[]): BigUint64Array {
  const array = new BigUint64Array(new ArrayBuffer(values.length * BigUint64Array.BYTES_PER_ELEMENT));
  array.set(values);
  return array;
}

/** A child that failed before it was executed is nobody's but ours. */
function reap(pid: number): void {
  waiting().waitpid(pid, null, 0);
}

interface Native {
  readonly spawn: (functions: Pointer, order: Pointer) => number;
  /** `struct libc` of spawn.c. */
  readonly functions: BigUint64Array;
}

let compiled: Native | undefined;

function native(): Native {
  compiled ??= compile();
  return compiled;
}

/** Takes some five milliseconds, once. Nothing is linked and no header is read, so that no developer's files are needed. */
function compile(): Native {
  const { dlsym, memfd_create } = dlopen("libc.so.6", {
    dlsym: { args: ["ptr", "ptr"], returns: "ptr" },
    memfd_create: { args: ["ptr", "u32"], returns: "i32" },
  }).symbols;
  const functions = words(
    libraryFunctions.map((name) => {
      const address = dlsym(null, ptr(Buffer.from(`${name}\0`)));
      if (address === null) throw new Error(`the C library has no ${name}`);
      return BigInt(address);
    }),
  );
  const fd = memfd_create(ptr(Buffer.from("spawn.c\0")), closeOnExec);
  if (fd < 0) throw systemError("memfd_create", "spawn.c");
  try {
    writeSync(fd, source);
    const { symbols } = cc({
      source: `/proc/self/fd/${fd}`,
      flags: ["-nostdlib"],
      symbols: { spawn_confined: { args: ["ptr", "ptr"], returns: "i32" } },
    });
    return { spawn: symbols.spawn_confined, functions };
  } finally {
    closeSync(fd);
  }
}

let opened: ReturnType<typeof openWaiting> | undefined;

function waiting() {
  opened ??= openWaiting();
  return opened.symbols;
}

function openWaiting() {
  return dlopen("libc.so.6", { waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" } });
}

/** In the order of `struct libc`. */
const libraryFunctions = [
  "vfork",
  "setsid",
  "dup2",
  "chdir",
  "setrlimit",
  "prctl",
  "syscall",
  "execve",
  "_exit",
  "sigprocmask",
  "signal",
  "__errno_location",
  "write",
  "sendmsg",
  "unshare",
  "mount",
  "clone",
] as const;

/** In the order of the `STEP_` constants. */
const steps = [
  "fork",
  "descriptors",
  "working directory",
  "resource limits",
  "no new privileges",
  "capabilities",
  "landlock",
  "seccomp",
  "execute",
  "control group",
  "system call listener",
  "namespaces",
] as const;

/** Where `step` is in `struct order`, in fields of 8 bytes. */
const stepField = 23;
/** RLIMIT_ numbers of x86-64 and arm64. */
const resources: Readonly<Record<ResourceLimit["resource"], number>> = {
  cpu: 0,
  file_size: 1,
  core: 4,
  open_files: 7,
};
/** `MFD_CLOEXEC`. */
const closeOnExec = 1;
