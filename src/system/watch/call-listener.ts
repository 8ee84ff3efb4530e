import { dlopen, ptr } from "bun:ffi";
import { closeSync } from "node:fs";
import { EINTR, ENOENT, errno, systemError } from "../libc.ts";
import { type WatchedCall, watchedCalls } from "./watched-calls.ts";

/** A call that a watched process is about to make. Its thread waits until it is let go on. */
export interface HeldCall {
  readonly id: bigint;
  /** The thread, whose entry in /proc is there as a process's is. */
  readonly thread: number;
  readonly call: WatchedCall;
  readonly args: readonly [bigint, bigint, bigint, bigint, bigint, bigint];
}

/**
 * The listening end of a `watchFilter` (seccomp_unotify(2)). All methods wait in the system: for a process that does nothing
 * else. When the last descriptor of it is closed, every watched call fails with ENOSYS.
 */
export class CallListener {
  readonly #held = new DataView(new ArrayBuffer(heldBytes));
  readonly #answer = new DataView(new ArrayBuffer(answerBytes));
  readonly #poll = new DataView(new ArrayBuffer(pollBytes));

  constructor(readonly fd: number) {
    this.#poll.setInt32(0, fd, true);
    this.#poll.setInt16(4, pollIn, true);
    // The watched thread and this one take turns, so that they may share a core (Linux 6.6). Nothing depends on it.
    library().ioctl(fd, setFlags, wakeOnThisCore);
  }

  /**
   * The next call.
   * @returns `idle` when none comes within so many milliseconds, `ended` when no process is left that is watched
   */
  next(timeoutMs: number): HeldCall | "idle" | "ended" {
    if (library().poll(ptr(this.#poll), 1, timeoutMs) <= 0) return "idle";
    const events = this.#poll.getInt16(6, true);
    if ((events & pollIn) === 0) return (events & pollHungUp) === 0 ? "idle" : "ended";
    new Uint8Array(this.#held.buffer).fill(0);
    if (library().ioctl(this.fd, receive, ptr(this.#held)) !== 0) {
      const reason = errno();
      // Its thread has just been killed.
      if (reason === ENOENT || reason === EINTR) return "idle";
      throw systemError("ioctl", "SECCOMP_IOCTL_NOTIF_RECV", reason);
    }
    const argument = (index: number) => this.#held.getBigUint64(argumentsOffset + index * 8, true);
    const id = this.#held.getBigUint64(0, true);
    const call = watchedCalls.get(this.#held.getInt32(numberOffset, true));
    if (call === undefined) {
      this.letGo(id);
      return "idle";
    }
    const args = [argument(0), argument(1), argument(2), argument(3), argument(4), argument(5)] as const;
    return { id, thread: this.#held.getUint32(threadOffset, true), call, args };
  }

  /** Has the system carry the call out as if nobody had looked. False when its thread was killed meanwhile. */
  letGo(id: bigint): boolean {
    this.#answer.setBigUint64(0, id, true);
    this.#answer.setUint32(flagsOffset, goOn, true);
    if (library().ioctl(this.fd, send, ptr(this.#answer)) === 0) return true;
    const reason = errno();
    if (reason === ENOENT) return false;
    throw systemError("ioctl", "SECCOMP_IOCTL_NOTIF_SEND", reason);
  }

  close(): void {
    closeSync(this.fd);
  }
}

let opened: ReturnType<typeof open> | undefined;

function library() {
  opened ??= open();
  return opened.symbols;
}

function open() {
  return dlopen("libc.so.6", {
    /** The third argument is an address, or a number. */
    ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
    poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
  });
}

/** `struct seccomp_notif`: u64 id, u32 pid, u32 flags, then `struct seccomp_data`: i32 number, u32 arch, u64 address, u64[6]. */
const heldBytes = 80;
const threadOffset = 8;
const numberOffset = 16;
const argumentsOffset = 32;
/** `struct seccomp_notif_resp`: u64 id, i64 value, i32 error, u32 flags. */
const answerBytes = 24;
const flagsOffset = 20;
/** `struct pollfd`: i32 descriptor, i16 wanted, i16 found. */
const pollBytes = 8;
const pollIn = 1;
const pollHungUp = 0x10;

/** SECCOMP_IOCTL_NOTIF_RECV, _SEND and _SET_FLAGS; SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, SECCOMP_USER_NOTIF_FLAG_CONTINUE. */
const receive = 0xc050_2100;
const send = 0xc018_2101;
const setFlags = 0x4008_2104;
const wakeOnThisCore = 1;
const goOn = 1;
