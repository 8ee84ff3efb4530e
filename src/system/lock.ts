import { closeSync, constants, ftruncateSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { EAGAIN, EINTR, errno, libc, systemError } from "./libc.ts";
import { readStat } from "./proc.ts";

/** An exclusive lock on a file. The operating system frees it when the process dies, however that happens. */
export interface Lock {
  readonly path: string;
  /** Frees the lock. The file stays: removing it would let two processes lock two files of one name. */
  release(): void;
}

/**
 * Takes the lock at once or not at all (flock(2)); `undefined` while another process, or another holder in this one, has
 * it. The holder's pid is written into the file for {@link holderOf}. Throws when the file can't be created.
 */
export function acquireLock(path: string): Lock | undefined {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | closeOnExec, 0o600);
  if (libc().flock(fd, lockExclusive | lockNonBlocking) !== 0) {
    const reason = errno();
    closeSync(fd);
    if (reason === EAGAIN) return undefined;
    throw systemError("flock", path, reason);
  }
  recordHolder(fd);
  let held = true;
  return {
    path,
    release() {
      if (held) closeSync(fd);
      held = false;
    },
  };
}

/**
 * Does something while it has the lock, for which it waits. For what takes moments, in a process that nothing else waits for.
 * @throws when the file can't be created, and what `work` throws
 */
export function withLock(path: string, work: () => void): void {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | closeOnExec, 0o600);
  try {
    while (libc().flock(fd, lockExclusive) !== 0) {
      const reason = errno();
      if (reason !== EINTR) throw systemError("flock", path, reason);
    }
    work();
  } finally {
    closeSync(fd);
  }
}

/** Between two attempts at the lock of a dead process. */
const retryMs = 10;

/**
 * The same, but a lock whose holder is dead is waited for. What a killed process had open is freed with the last of its
 * threads, and one that hangs in a sync of a slow disk can outlive the kill by seconds.
 * @param waitMs the longest wait, in milliseconds
 */
export async function acquireLockOfDead(path: string, waitMs: number): Promise<Lock | undefined> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const lock = acquireLock(path);
    if (lock !== undefined) return lock;
    const holder = holderOf(path);
    const isDead = holder !== undefined && (readStat(holder)?.state ?? "Z") === "Z";
    if (!isDead || performance.now() >= deadline) return undefined;
    await Bun.sleep(retryMs);
  }
}

/** The pid that last took the lock, which need not hold it any more; `undefined` when none is recorded. */
export function holderOf(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, "utf8"), 10);
    return Number.isInteger(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** The pid that holds the lock now, as the system lists it (proc_locks(5)); taking nothing, so that nobody is kept out. */
export function lockedBy(path: string): number | undefined {
  const inode = inodeOf(path);
  if (inode === undefined) return undefined;
  const line = readFileSync("/proc/locks", "utf8")
    .split("\n")
    .find((entry) => / FLOCK /.test(entry) && entry.split(/\s+/)[5]?.endsWith(`:${inode}`));
  return line === undefined ? undefined : Number(line.split(/\s+/)[4]);
}

/** Undefined as well for a path that leads through something other than folders, or that may not be looked at. */
function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined;
  }
}

/** Only for messages, so a full disk must not keep anyone from starting. */
function recordHolder(fd: number): void {
  try {
    ftruncateSync(fd, 0);
    writeSync(fd, `${process.pid}\n`, 0);
  } catch {
    // The lock itself holds without it.
  }
}

const lockExclusive = 2;
const lockNonBlocking = 4;
/** `O_CLOEXEC`, equal on x86-64 and arm64: a service must never inherit the lock. */
const closeOnExec = 0o2000000;
