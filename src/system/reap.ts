import { ptr } from "bun:ffi";
import { ECHILD, EINTR, errno, libc, systemError } from "./libc.ts";
import { childrenOf, readStat } from "./proc.ts";
import { signalName } from "./signals.ts";

/** How a process ended, as its last parent learnt it. */
export interface ProcessExit {
  readonly pid: number;
  readonly startTime: number;
  /** Null when a signal ended it. */
  readonly exit_code: number | null;
  /** Such as `SIGKILL`; null when it exited by itself. */
  readonly signal: string | null;
}

export interface ReapOptions {
  /**
   * Whether a pid was started by this process. Bun must read the status of those itself: a status that is read here is
   * lost to it, and its `exited` never resolves.
   */
  readonly isOwn: (pid: number) => boolean;
  /**
   * How long a zombie that `isOwn` doesn't know is left to Bun (milliseconds): helpers that some library spawned are
   * gone after a turn of the event loop, orphans stay. Zero when every own child is known.
   */
  readonly graceMs: number;
  readonly onExit: (exit: ProcessExit) => void;
}

/**
 * Reaps the orphans that a subreaper (see `setSubreaper`) is given, and reports how each ended. Driven by SIGCHLD, with a
 * slow timer beside it. Answers with the function that stops it.
 */
export function reapOrphans(options: ReapOptions): () => void {
  const sightings: Sightings = new Map();
  let retry: ReturnType<typeof setTimeout> | undefined;
  const sweep = () => {
    clearTimeout(retry);
    retry = sweepOnce(options, sightings) ? setTimeout(sweep, retryMs) : undefined;
  };
  const backstop = setInterval(sweep, backstopMs);
  backstop.unref();
  process.on("SIGCHLD", sweep);
  sweep();
  return () => {
    process.off("SIGCHLD", sweep);
    clearInterval(backstop);
    clearTimeout(retry);
  };
}

/**
 * Takes the status of a child that has ended. `running`: it has not; `unknown`: it is no child of this process, or another
 * has taken its status.
 */
export function takeExit(pid: number): Pick<ProcessExit, "exit_code" | "signal"> | "running" | "unknown" {
  for (;;) {
    const info = new DataView(new ArrayBuffer(siginfoBytes));
    if (libc().waitid(waitPid, pid, ptr(info), waitExited | waitNoHang) === 0) {
      if (info.getInt32(16, true) === 0) return "running";
      return exitOf(info.getInt32(8, true), info.getInt32(24, true));
    }
    const reason = errno();
    if (reason === ECHILD) return "unknown";
    if (reason !== EINTR) throw systemError("waitid", `of ${pid}`, reason);
  }
}

function exitOf(code: number, status: number): Pick<ProcessExit, "exit_code" | "signal"> {
  const exited = code === childExited;
  return { exit_code: exited ? status : null, signal: exited ? null : signalName(status) };
}

type Sightings = Map<number, { readonly firstMs: number; readonly count: number }>;

/** Reaps what may be reaped. True when zombies are left that must be looked at again. */
function sweepOnce(options: ReapOptions, sightings: Sightings): boolean {
  for (let budget = reapsPerSweep; budget > 0; budget--) {
    const zombie = peekZombie();
    if (zombie === undefined) {
      sightings.clear();
      return false;
    }
    if (!mayReap(zombie, options, sightings)) return reapBehind(zombie, options, sightings);
    report(zombie, options);
  }
  return true;
}

/** The peek always shows the same first zombie. While that one has to wait, those behind it are found one by one. */
function reapBehind(first: number, options: ReapOptions, sightings: Sightings): true {
  // Bun is about to reap its own child: looking at hundreds of siblings for that moment would cost more than it brings.
  if (options.isOwn(first)) return true;
  for (const pid of childrenOf(process.pid)) {
    if (readStat(pid)?.state === "Z" && mayReap(pid, options, sightings)) report(pid, options);
  }
  return true;
}

function mayReap(pid: number, { isOwn, graceMs }: ReapOptions, sightings: Sightings): boolean {
  if (isOwn(pid)) return false;
  if (graceMs === 0) return true;
  const now = performance.now();
  const sighting = sightings.get(pid) ?? { firstMs: now, count: 0 };
  sightings.set(pid, { ...sighting, count: sighting.count + 1 });
  return sighting.count >= sightingsBeforeReap && now - sighting.firstMs >= graceMs;
}

/** The pid of a child that has ended, which stays as it is; `undefined` when there is none. */
function peekZombie(): number | undefined {
  return wait(waitAll, 0, waitExited | waitNoHang | waitNoReap)?.pid;
}

function report(pid: number, { onExit }: ReapOptions): void {
  const startTime = readStat(pid)?.startTime;
  const ended = wait(waitPid, pid, waitExited | waitNoHang);
  if (ended === undefined || startTime === undefined) return;
  onExit({ pid, startTime, ...exitOf(ended.code, ended.status) });
}

/** waitid(2). The offsets into siginfo_t are those of every 64-bit Linux. */
function wait(kind: number, id: number, flags: number): { pid: number; code: number; status: number } | undefined {
  const info = new DataView(new ArrayBuffer(siginfoBytes));
  for (;;) {
    if (libc().waitid(kind, id, ptr(info), flags) === 0) break;
    const reason = errno();
    if (reason === EINTR) continue;
    if (reason === ECHILD) return undefined;
    throw systemError("waitid", `of ${id}`, reason);
  }
  const pid = info.getInt32(16, true);
  return pid === 0 ? undefined : { pid, code: info.getInt32(8, true), status: info.getInt32(24, true) };
}

const waitAll = 0;
const waitPid = 1;
const waitNoHang = 1;
const waitExited = 4;
const waitNoReap = 0x0100_0000;
const childExited = 1;
const siginfoBytes = 128;
/** So that a storm of orphans can't hold the event loop for longer than some milliseconds. */
const reapsPerSweep = 256;
const retryMs = 10;
/** After a stall the grace may be over before Bun had its turn: so many turns of the event loop must pass as well. */
const sightingsBeforeReap = 2;
/** SIGCHLD drives the reaping; this is only for one that was lost. */
const backstopMs = 1_000;
