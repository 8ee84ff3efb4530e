import { closeSync, constants, openSync } from "node:fs";
import type { FileLock } from "./file-system.ts";
import { callError, errorNumber, libc } from "./libc.ts";

/** An exclusive flock(2) on a file that is made when it is missing. */
export function lockFile(path: string): FileLock | undefined {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | closeOnExec, 0o600);
  if (libc().flock(descriptor, lockExclusive | lockNonBlocking) !== 0) {
    const number = errorNumber();
    closeSync(descriptor);
    if (number === wouldBlock) return undefined;
    throw callError(`flock ${path}`, number);
  }
  let held = true;
  return {
    release() {
      if (held) closeSync(descriptor);
      held = false;
    },
  };
}

const lockExclusive = 2;
const lockNonBlocking = 4;
/** `EWOULDBLOCK`; like the others, equal on x86-64 and arm64. */
const wouldBlock = 11;
/** `O_CLOEXEC`: a child process must never inherit the lock. */
const closeOnExec = 0o2000000;
