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
 * It is moved there a page at a time between other work, because one takes half a millisecond, and ten times that in a
 * virtual machine whose host must find the memory: so never on the way of a writer. A system that can't be asked to do it at
 * once (Linux before 6.1) is advised, and does it when it gets to it, some megabytes a second.
 */
export class HugePages {
  readonly #waiting: Waiting[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  /** Takes memory into hand that has been written to; it stays alive until it is done. */
  add(memory: Memory): void {
    const address = ptr(memory);
    const at = Math.ceil(address / hugeBytes) * hugeBytes;
    const end = Math.floor((address + memory.byteLength) / hugeBytes) * hugeBytes;
    if (end <= at || this.#isStopped) return;
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
    const { madvise } = libc();
    // What fails is left to the advice.
    if (madvise(waiting.at, hugeBytes, adviceCollapse) !== 0) madvise(waiting.at, hugeBytes, adviceHugePage);
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
