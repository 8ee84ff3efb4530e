import { dlopen, read } from "bun:ffi";

/** What the store asks of libc itself: it stands alone, and imports nothing of the project. */
export function libc() {
  opened ??= open();
  return opened.symbols;
}

/** `errno` of the call that just failed. */
export function errorNumber(): number {
  const location = libc().__errno_location();
  return location === null ? 0 : read.i32(location, 0);
}

/** A failed call whose number means nothing more to its caller. */
export function callError(what: string, number: number): Error {
  return Object.assign(new Error(`${what} failed with errno ${number}`), { errno: -number, code: "EIO" });
}

let opened: ReturnType<typeof open> | undefined;

function open() {
  return dlopen("libc.so.6", {
    flock: { args: ["i32", "i32"], returns: "i32" },
    madvise: { args: ["usize", "usize", "i32"], returns: "i32" },
    fallocate: { args: ["i32", "i32", "i64", "i64"], returns: "i32" },
    __errno_location: { args: [], returns: "ptr" },
  });
}
