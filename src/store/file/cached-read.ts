import { dlopen, ptr } from "bun:ffi";

/**
 * Reads what the operating system has of a file in memory, without ever waiting for the disk (`preadv2` with `RWF_NOWAIT`).
 * Returns the bytes read: fewer than asked when the rest isn't in memory, 0 when nothing is or the file system can't tell.
 * `into` must be a view of a buffer that was made as one, for the reason below.
 */
export function readCached(descriptor: number, into: Uint8Array, position: number): number {
  opened ??= open();
  const address = ptr(into);
  part[0] = address >>> 0;
  part[1] = Math.floor(address / 2 ** 32);
  part[2] = into.length;
  return Math.max(0, opened.symbols.preadv2(descriptor, partAddress, 1, position, noWait));
}

/**
 * A `struct iovec`: an address and a length, 64 bits each. On a buffer of its own: the memory of a small typed array without
 * one is moved when the engine makes one for it, and what holds its address writes anywhere.
 */
const part = new Uint32Array(new ArrayBuffer(16));
const partAddress = ptr(part);
/** `RWF_NOWAIT` of Linux. */
const noWait = 8;
let opened: ReturnType<typeof open> | undefined;

function open() {
  return dlopen("libc.so.6", { preadv2: { args: ["i32", "ptr", "i32", "i64", "i32"], returns: "i32" } });
}
