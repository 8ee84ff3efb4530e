import { dlopen, read } from "bun:ffi";

/**
 * The C library's functions that neither Bun nor node offers, opened on first use so that importing costs nothing.
 * Linux with glibc only. Numbers of system calls and flags below are the same on x86-64 and arm64.
 */
export function libc() {
  opened ??= openLibc();
  return opened.symbols;
}

/** `errno` of this thread's last failed call: read it before any other call. Values are those of errno(3) on Linux. */
export function errno(): number {
  const location = libc().__errno_location();
  return location === null ? 0 : read.i32(location, 0);
}

/** A failed call as an error with `code` (`EAGAIN`, …), `errno` and `syscall`, shaped like those of node:fs. */
export function systemError(syscall: string, detail: string, number: number = errno()): NodeJS.ErrnoException {
  const code = names.get(number) ?? `errno ${number}`;
  return Object.assign(new Error(`${code}: ${syscall} ${detail}`), { code, errno: -number, syscall });
}

export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const ECHILD = 10;
export const EAGAIN = 11;

const names = new Map<number, string>([
  [1, "EPERM"],
  [ENOENT, "ENOENT"],
  [ESRCH, "ESRCH"],
  [EINTR, "EINTR"],
  [9, "EBADF"],
  [ECHILD, "ECHILD"],
  [EAGAIN, "EAGAIN"],
  [12, "ENOMEM"],
  [13, "EACCES"],
  [22, "EINVAL"],
  [23, "ENFILE"],
  [24, "EMFILE"],
  [38, "ENOSYS"],
  [90, "EMSGSIZE"],
  [111, "ECONNREFUSED"],
]);

let opened: ReturnType<typeof openLibc> | undefined;

function openLibc() {
  return dlopen("libc.so.6", {
    __errno_location: { args: [], returns: "ptr" },
    /** Variadic in C; both architectures pass integers the same way in either form. */
    syscall: { args: ["i64", "i64", "i64", "i64", "i64", "i64", "i64"], returns: "i64" },
    prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
    flock: { args: ["i32", "i32"], returns: "i32" },
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
    send: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
    close: { args: ["i32"], returns: "i32" },
    poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
    waitid: { args: ["i32", "u32", "ptr", "i32"], returns: "i32" },
    waitpid: { args: ["i32", "ptr", "i32"], returns: "i32" },
    dup2: { args: ["i32", "i32"], returns: "i32" },
    getpagesize: { args: [], returns: "i32" },
  });
}
