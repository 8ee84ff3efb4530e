import { ptr } from "bun:ffi";
import { isBulkWriting } from "./bulk-write.ts";
import { libc } from "./libc.ts";

type Memory = Uint8Array | Int32Array;

/** Memory, and from which address to which one it is still to be moved. */
interface Waiting {
  readonly memory: Memory;
  at: number;
  readonly end: number;
}

/**
 * Has memory that is full and read at random backed by pages of 2 MiB instead of 4 KiB: the processor then translates addresses
 * without a look into memory, which makes lookups in large stores up to a third faster.
 *
 * The system is advised to do so, and does it when it gets to it, some megabytes a second; or it is asked to at once, a page at
 * a time between other work. One takes half a millisecond then, ten times that in a virtual machine whose host must find the
 * memory, and some tens on a machine whose cores are all busy, because the system waits for each of them: never on the way of
 * a writer, and only for who wants that.
 */
export class HugePages {
  readonly #waiting: Waiting[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #isAtOnce: boolean;
  #isStopped = false;

  /** @param isAtOnce whether the system is asked rather than advised; before Linux 6.1 it can't be */
  constructor(isAtOnce: boolean) {
    this.#isAtOnce = isAtOnce;
  }

  /** Takes memory into hand that has been written to. It stays alive until it is moved or {@link stop} is called. */
  add(memory: Memory): void {
    const address = ptr(memory);
    const at = Math.ceil(address / hugeBytes) * hugeBytes;
    const end = Math.floor((address + memory.byteLength) / hugeBytes) * hugeBytes;
    if (end <= at || this.#isStopped) return;
    libc().madvise(at, end - at, adviceHugePage);
    if (!this.#isAtOnce) return;
    this.#waiting.push({ memory, at, end });
    this.#timer ??= this.#after(leastRestMs);
  }

  /** Bytes that are still to be moved. */
  get waitingBytes(): number {
    return this.#waiting.reduce((sum, { at, end }) => sum + end - at, 0);
  }

  /** Lets go of all memory. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  #after(ms: number): ReturnType<typeof setTimeout> {
    const timer = setTimeout(() => this.#move(), ms);
    timer.unref();
    return timer;
  }

  #move(): void {
    this.#timer = undefined;
    const next = this.#waiting[0];
    if (next === undefined) return;
    const started = performance.now();
    // Pauses add up.
    if (!isBulkWriting()) this.#moveFirst(next);
    if (this.#waiting.length === 0) return;
    this.#timer = this.#after(Math.max(leastRestMs, (performance.now() - started) * restPerWork));
  }

  #moveFirst(waiting: Waiting): void {
    // What fails is left to the advice.
    libc().madvise(waiting.at, hugeBytes, adviceCollapse);
    waiting.at += hugeBytes;
    if (waiting.at >= waiting.end) this.#waiting.shift();
  }
}

/** Bytes of a huge page. */
export const hugeBytes = 2 ** 21;
/** `MADV_HUGEPAGE` and `MADV_COLLAPSE` of Linux. */
const adviceHugePage = 14;
const adviceCollapse = 25;
/** Between two pages, in milliseconds, and for each one that a page took: at most 5 % of the time goes into them. */
const leastRestMs = 25;
const restPerWork = 20;
