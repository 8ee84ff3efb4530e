import { dlopen, ptr } from "bun:ffi";
import { constants, lstatSync, openSync } from "node:fs";
import { EAGAIN, EINTR, errno, systemError } from "./libc.ts";

/** Makes a FIFO that only its owner can open (mkfifo(3)). One that exists is kept, with what is in it. */
export function makeFifo(path: string): void {
  if (libc().mkfifo(Buffer.from(`${path}\0`), ownerOnly) === 0) return;
  const reason = errno();
  if (reason === EEXIST && lstatSync(path).isFIFO()) return;
  throw systemError("mkfifo", path, reason);
}

/**
 * Opens the reading side without waiting for a writer. What is in a FIFO lives as long as any process has it open, and a
 * writer gets SIGPIPE only when no reader is left.
 */
export function openFifoReader(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | closeOnExec);
}

/**
 * Opens both sides at once, which Linux allows: who has such a descriptor never sees the FIFO's end, and gets no SIGPIPE, as
 * it is a reader and a writer of its own.
 *
 * @param waits whether its reads and writes do, as programs expect of their standard input and output
 */
export function openFifoBoth(path: string, { waits }: { readonly waits: boolean }): number {
  return openSync(path, constants.O_RDWR | closeOnExec | (waits ? 0 : constants.O_NONBLOCK));
}

/** So many bytes a pipe takes whole or not at all (`PIPE_BUF`, pipe(7)). */
export const pipeAtomicBytes = 4_096;

/** Writes without waiting. Up to {@link pipeAtomicBytes} go whole or not at all. */
export function writeFrom(fd: number, bytes: Uint8Array): number | "full" {
  const count = libc().write(fd, ptr(bytes), bytes.length);
  if (count >= 0) return count;
  const reason = errno();
  if (reason === EAGAIN || reason === EINTR) return "full";
  throw systemError("write", `to ${fd}`, reason);
}

/** Bytes that can be read at once. */
export function readableBytes(fd: number): number {
  if (libc().ioctl(fd, inputQueue, ptr(number)) !== 0) throw systemError("ioctl", `FIONREAD of ${fd}`);
  return number[0] ?? 0;
}

/**
 * Reads up to `length` bytes into the buffer, without waiting and without an exception for an empty FIFO. `closed`: nothing
 * is left, and no process has the writing side open, or none has yet.
 */
export function readInto(
  fd: number,
  buffer: Uint8Array,
  offset = 0,
  length = buffer.length - offset,
): number | "empty" | "closed" {
  if (length < 1 || offset < 0 || offset + length > buffer.length) {
    throw new RangeError(`${length} bytes at ${offset} do not fit in a buffer of ${buffer.length}`);
  }
  const count = libc().read(fd, ptr(buffer, offset), length);
  if (count > 0) return count;
  if (count === 0) return "closed";
  const reason = errno();
  if (reason === EAGAIN || reason === EINTR) return "empty";
  throw systemError("read", `of ${fd}`, reason);
}

/** How much a pipe holds before its writer has to wait: 64 KiB unless somebody changed it. */
export function pipeCapacity(fd: number): number {
  return libc().fcntl(fd, getPipeSize, 0);
}

/**
 * Resizes a pipe (F_SETPIPE_SZ, fcntl(2)) and returns its capacity afterwards, which is the old one when the user's
 * allowance (`/proc/sys/fs/pipe-user-pages-soft`, 64 MiB in all pipes together) is used up.
 */
export function resizePipe(fd: number, bytes: number): number {
  const size = libc().fcntl(fd, setPipeSize, bytes);
  return size > 0 ? size : pipeCapacity(fd);
}

const number = new Int32Array(1);
const ownerOnly = 0o600;
const EEXIST = 17;
/** `O_CLOEXEC`, `FIONREAD`, `F_SETPIPE_SZ` and `F_GETPIPE_SZ`, equal on x86-64 and arm64. */
const closeOnExec = 0o2000000;
const inputQueue = 0x541b;
const setPipeSize = 1031;
const getPipeSize = 1032;

let opened: ReturnType<typeof openLibc> | undefined;

function libc() {
  opened ??= openLibc();
  return opened.symbols;
}

function openLibc() {
  return dlopen("libc.so.6", {
    mkfifo: { args: ["ptr", "u32"], returns: "i32" },
    /** The results are 32 bits wide here because no length asked for exceeds 2³¹. */
    read: { args: ["i32", "ptr", "u64"], returns: "i32" },
    write: { args: ["i32", "ptr", "u64"], returns: "i32" },
    ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
    fcntl: { args: ["i32", "i32", "i64"], returns: "i32" },
  });
}
