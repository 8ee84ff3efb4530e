import { dlopen, ptr } from "bun:ffi";
import { closeSync } from "node:fs";
import { arch } from "node:process";
import { type Clock, systemClock } from "./clock.ts";
import { EINTR, errno, systemError } from "./libc.ts";

/** Ends the watching of one descriptor. Call it before the descriptor is closed. */
export interface Watch {
  close(): void;
}

/**
 * Calls back when descriptors become readable or their other side has gone (epoll(7), level-triggered): FIFOs, pidfds.
 *
 * Bun's event loop can't wait for an epoll descriptor, so a timer looks: every {@link activePauseMs} while something
 * happens, slowing down to {@link idlePauseMs} while nothing does. One look costs some microseconds, whatever the number of
 * descriptors. A handler should do little work per call (a millisecond at most): what it leaves unread, it is called for
 * again.
 */
export class Poller {
  readonly #clock: Clock;
  /** Made with the first descriptor, so that a process which watches none pays nothing. */
  #epoll: number | undefined;
  readonly #watched = new Map<number, () => void>();
  readonly #events = new DataView(new ArrayBuffer(eventsPerLook * eventBytes));
  /** Ids of the last look whose handlers have not run yet. */
  #due: number[] = [];
  #nextId = 1;
  #pauseMs = activePauseMs;
  #hurried = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #immediate: ReturnType<typeof setImmediate> | undefined;
  #closed = false;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Calls `onReadable` for as long as the descriptor has something to read, or its end to tell. */
  watch(fd: number, onReadable: () => void): Watch {
    const id = this.#nextId;
    this.#nextId = id === maxId ? 1 : id + 1;
    const event = new DataView(new ArrayBuffer(eventBytes));
    event.setUint32(0, epollIn, true);
    event.setUint32(dataOffset, id, true);
    this.#epoll ??= createEpoll();
    if (libc().epoll_ctl(this.#epoll, controlAdd, fd, ptr(event)) !== 0) throw systemError("epoll_ctl", `add of ${fd}`);
    this.#watched.set(id, onReadable);
    this.#wake();
    return { close: () => this.#unwatch(id, fd) };
  }

  /** Looks at once: something is known to have happened, such as the end of a child. */
  nudge(): void {
    if (!this.#closed && this.#watched.size > 0) this.#schedule(true);
  }

  /** Called by a handler that stopped before it had read everything: it is called again after the event loop's next turn. */
  hurry(): void {
    this.#hurried = true;
  }

  /** Stops for good. The descriptors watched stay open. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopTimers();
    this.#watched.clear();
    if (this.#epoll !== undefined) closeSync(this.#epoll);
  }

  #unwatch(id: number, fd: number): void {
    if (this.#closed || this.#epoll === undefined || !this.#watched.delete(id)) return;
    libc().epoll_ctl(this.#epoll, controlDelete, fd, null);
    if (this.#watched.size === 0) this.#stopTimers();
  }

  /** A new descriptor is likely to have news soon. */
  #wake(): void {
    const slow = this.#pauseMs > activePauseMs;
    this.#pauseMs = activePauseMs;
    if (slow || (this.#timer === undefined && this.#immediate === undefined)) this.#schedule(false);
  }

  #turn(): void {
    this.#stopTimers();
    const found = this.#due.length > 0 || this.#look() > 0;
    this.#dispatch();
    if (this.#closed || this.#watched.size === 0) return;
    this.#pauseMs = found ? activePauseMs : Math.min(this.#pauseMs * 2, idlePauseMs);
    this.#schedule(this.#hurried || this.#due.length > 0);
  }

  #look(): number {
    if (this.#epoll === undefined) return 0;
    const count = libc().epoll_wait(this.#epoll, ptr(this.#events), eventsPerLook, 0);
    if (count < 0) {
      const reason = errno();
      if (reason === EINTR) return 0;
      throw systemError("epoll_wait", "", reason);
    }
    for (let index = 0; index < count; index++) {
      this.#due.push(this.#events.getUint32(index * eventBytes + dataOffset, true));
    }
    // A full answer may have left some out; those found now are last in line next time, so nobody is starved.
    this.#hurried = count === eventsPerLook;
    return count;
  }

  /** Runs handlers for a bounded time; those that had no turn are first in the next one. */
  #dispatch(): void {
    const deadline = this.#clock.monotonic() + turnMs;
    let ran = 0;
    for (const id of this.#due) {
      ran += 1;
      try {
        this.#watched.get(id)?.();
      } catch (error) {
        // One handler's bug must not silence all the others; it still surfaces as an uncaught error.
        reportError(error);
      }
      if (this.#closed || this.#clock.monotonic() >= deadline) break;
    }
    this.#due = this.#due.slice(ran);
  }

  #schedule(soon: boolean): void {
    this.#stopTimers();
    if (soon) this.#immediate = setImmediate(() => this.#turn());
    else this.#timer = setTimeout(() => this.#turn(), this.#pauseMs);
  }

  #stopTimers(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
  }
}

function createEpoll(): number {
  const fd = libc().epoll_create1(closeOnExec);
  if (fd < 0) throw systemError("epoll_create1", "of the poller");
  return fd;
}

/** Short enough that nobody sees the delay of a line, long enough that a chatty program's lines come in batches. */
const activePauseMs = 4;
/** At most this late is the first news after a silence noticed; 20 looks a second cost about 0.1 % of a core. */
const idlePauseMs = 50;
/** Handlers run for this long, then the event loop serves the others. */
const turnMs = 1.5;
const eventsPerLook = 128;
const maxId = 0xffff_ffff;

/** `struct epoll_event` is packed on x86-64 only. */
const eventBytes = arch === "x64" ? 12 : 16;
const dataOffset = arch === "x64" ? 4 : 8;
const epollIn = 1;
const controlAdd = 1;
const controlDelete = 2;
/** `EPOLL_CLOEXEC`. */
const closeOnExec = 0o2000000;

let opened: ReturnType<typeof openLibc> | undefined;

function libc() {
  opened ??= openLibc();
  return opened.symbols;
}

function openLibc() {
  return dlopen("libc.so.6", {
    epoll_create1: { args: ["i32"], returns: "i32" },
    epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
    epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
  });
}
