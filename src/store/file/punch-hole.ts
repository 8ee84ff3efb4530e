import { dlopen, read } from "bun:ffi";

/**
 * Gives the disk space of a part of a file back to the file system; it reads as zeros from then on, and the file stays as
 * long as it was. `false` where the file system can't. Blocks of the file system that lie only partly within are zeroed.
 */
export function punchHole(descriptor: number, position: number, length: number): boolean {
  const { fallocate, __errno_location } = symbols();
  if (fallocate(descriptor, keepSize | punch, position, length) === 0) return true;
  const location = __errno_location();
  const number = location === null ? 0 : read.i32(location, 0);
  if (number === notSupported || number === notImplemented) return false;
  throw Object.assign(new Error(`fallocate failed with errno ${number}`), { errno: -number, code: "EIO" });
}

/** `FALLOC_FL_KEEP_SIZE` and `FALLOC_FL_PUNCH_HOLE`. */
const keepSize = 1;
const punch = 2;
/** `EOPNOTSUPP` and `ENOSYS`; like the others, equal on x86-64 and arm64. */
const notSupported = 95;
const notImplemented = 38;

function symbols() {
  opened ??= openSymbols();
  return opened.symbols;
}

let opened: ReturnType<typeof openSymbols> | undefined;

function openSymbols() {
  return dlopen("libc.so.6", {
    fallocate: { args: ["i32", "i32", "i64", "i64"], returns: "i32" },
    __errno_location: { args: [], returns: "ptr" },
  });
}
