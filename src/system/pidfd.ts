import { ptr } from "bun:ffi";
import { EINTR, ENOENT, ESRCH, errno, libc, systemError } from "./libc.ts";

/**
 * Process file descriptors (pidfd_open(2), Linux 5.3): a handle on one process that no reuse of its pid can redirect.
 * It becomes readable when the process ends, for epoll and poll alike. Close it with `fs.closeSync`.
 */
export function openPidfd(pid: number): number | undefined {
  const fd = Number(libc().syscall(pidfdOpenCall, pid, 0, 0, 0, 0, 0));
  if (fd >= 0) return fd;
  const reason = errno();
  if (reason === ESRCH || reason === ENOENT) return undefined;
  throw systemError("pidfd_open", `of pid ${pid}`, reason);
}

/** Sends a signal to the process behind the descriptor. False when it has ended and was reaped. */
export function sendSignalByPidfd(pidfd: number, signal: number): boolean {
  if (Number(libc().syscall(pidfdSendSignalCall, pidfd, signal, 0, 0, 0, 0)) === 0) return true;
  const reason = errno();
  if (reason === ESRCH) return false;
  throw systemError("pidfd_send_signal", `${signal}`, reason);
}

/** Those of the descriptors that are readable now (for pidfds: whose process has ended). Never waits (poll(2)). */
export function pollReadable(fds: readonly number[]): number[] {
  return poll(fds, pollIn);
}

/** Those of the descriptors, read sides of pipes, whose writers have all gone. */
export function pollHungUp(fds: readonly number[]): number[] {
  return poll(fds, pollHup);
}

function poll(fds: readonly number[], wanted: number): number[] {
  if (fds.length === 0) return [];
  const entries = new DataView(new ArrayBuffer(fds.length * pollEntryBytes));
  fds.forEach((fd, index) => {
    entries.setInt32(index * pollEntryBytes, fd, true);
    entries.setInt16(index * pollEntryBytes + 4, pollIn, true);
  });
  if (libc().poll(ptr(entries), fds.length, 0) < 0) {
    const reason = errno();
    if (reason === EINTR) return [];
    throw systemError("poll", `of ${fds.length} descriptors`, reason);
  }
  return fds.filter((_, index) => (entries.getInt16(index * pollEntryBytes + 6, true) & wanted) !== 0);
}

const pidfdOpenCall = 434;
const pidfdSendSignalCall = 424;
const pollEntryBytes = 8;
const pollIn = 1;
const pollHup = 16;
