import { dlopen, read } from "bun:ffi";
import { closeSync, constants, openSync } from "node:fs";
import type { FileLock } from "./file-system.ts";

/** An exclusive flock(2) on a file that is made when it is missing. The store stands alone, so it asks libc by itself. */
export function lockFile(path: string): FileLock | undefined {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | closeOnExec, 0o600);
  const { flock, __errno_location } = symbols();
  if (flock(descriptor, lockExclusive | lockNonBlocking) !== 0) {
    const location = __errno_location();
    const number = location === null ? 0 : read.i32(location, 0);
    closeSync(descriptor);
    if (number === wouldBlock) return undefined;
    throw Object.assign(new Error(`flock ${path} failed with errno ${number}`), { errno: -number, code: "EIO" });
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

function symbols() {
  opened ??= openSymbols();
  return opened.symbols;
}

let opened: ReturnType<typeof openSymbols> | undefined;

function openSymbols() {
  return dlopen("libc.so.6", {
    flock: { args: ["i32", "i32"], returns: "i32" },
    __errno_location: { args: [], returns: "ptr" },
  });
}
