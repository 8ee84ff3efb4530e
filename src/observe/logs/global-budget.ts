import { setImmediate } from "node:timers/promises";

/** What the budget needs of one log. */
export interface BudgetedLog {
  readonly bytes: number;
  /** Whether something is left when the oldest part is gone. */
  readonly hasOlderPart: boolean;
  dropOldest(): void;
}

/** Keeps all logs together below a number of bytes, at the expense of those that take the most. */
export class GlobalBudget {
  readonly #limitBytes: number;
  readonly #open: (key: string) => BudgetedLog;
  readonly #sizes = new Map<string, number>();
  #totalBytes = 0;

  /** `open` finds the log of a key, to delete from it. */
  constructor(limitBytes: number, open: (key: string) => BudgetedLog) {
    this.#limitBytes = limitBytes;
    this.#open = open;
  }

  /** What all logs take, and may take. */
  get space(): { readonly bytes: number; readonly limitBytes: number } {
    return { bytes: this.#totalBytes, limitBytes: this.#limitBytes };
  }

  /** Notes a log's present size and deletes what is too much, here or elsewhere. */
  set(key: string, bytes: number): void {
    this.#totalBytes += bytes - (this.#sizes.get(key) ?? 0);
    this.#sizes.set(key, bytes);
    while (this.#totalBytes > this.#limitBytes && this.#dropFromLargest());
  }

  remove(key: string): void {
    this.#totalBytes -= this.#sizes.get(key) ?? 0;
    this.#sizes.delete(key);
  }

  /** Takes in the logs that were there before, some at a time, so that thousands of them don't delay the start. */
  async scan(keys: readonly string[]): Promise<void> {
    for (const [index, key] of keys.entries()) {
      if (index % scanSlice === scanSlice - 1) await setImmediate();
      if (!this.#sizes.has(key)) this.set(key, this.#sizeOf(key));
    }
  }

  /** A log that can't be looked at now counts once something is written to it. */
  #sizeOf(key: string): number {
    try {
      return this.#open(key).bytes;
    } catch {
      return 0;
    }
  }

  #dropFromLargest(): boolean {
    const key = this.#mostDispensable();
    if (key === undefined) return false;
    const before = this.#sizes.get(key) ?? 0;
    const log = this.#open(key);
    log.dropOldest();
    this.#sizes.set(key, log.bytes);
    this.#totalBytes -= before - log.bytes;
    return log.bytes < before;
  }

  /** The largest log that keeps its newest lines when its oldest part goes; the very largest only where none does. */
  #mostDispensable(): string | undefined {
    const bySize = [...this.#sizes].filter(([, bytes]) => bytes > 0).sort(([, one], [, other]) => other - one);
    const spared = bySize.slice(0, candidates).find(([key]) => this.#open(key).hasOlderPart);
    return (spared ?? bySize[0])?.[0];
  }
}

/** Logs that are looked into before one must lose all: smaller ones than these hardly have several segments. */
const candidates = 64;
/** Logs looked at between two turns of the event loop: about a millisecond. */
const scanSlice = 32;
