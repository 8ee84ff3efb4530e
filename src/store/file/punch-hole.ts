import { callError, errorNumber, libc } from "./libc.ts";

/**
 * Gives the disk space of a part of a file back to the file system; it reads as zeros from then on, and the file stays as
 * long as it was. `false` where the file system can't. Blocks of the file system that lie only partly within are zeroed.
 */
export function punchHole(descriptor: number, position: number, length: number): boolean {
  if (libc().fallocate(descriptor, keepSize | punch, position, length) === 0) return true;
  const number = errorNumber();
  if (number === notSupported || number === notImplemented) return false;
  throw callError("fallocate", number);
}

/** `FALLOC_FL_KEEP_SIZE` and `FALLOC_FL_PUNCH_HOLE`. */
const keepSize = 1;
const punch = 2;
/** `EOPNOTSUPP` and `ENOSYS`; like the others, equal on x86-64 and arm64. */
const notSupported = 95;
const notImplemented = 38;
