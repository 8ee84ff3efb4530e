import { availableParallelism } from "node:os";

/**
 * A start costs some ten milliseconds of a core. With a few for each core under way all cores are busy, and more at once would
 * only make every one of them slow, and the kernel deaf while it spawns them.
 */
const startsPerCore = 4;
/** A program that takes longer to get ready, which mostly waits for something, makes room for the next. */
const longestTurnMs = 100;

export interface StartGateOptions {
  /** How many starts may be under way at once; at least 1. */
  readonly limit?: number;
  readonly turnMs?: number;
}

/** Lets starts through a few at a time, in the order of asking, so that a thousand at once don't stall one another. */
export class StartGate<Key> {
  readonly #limit: number;
  readonly #turnMs: number;
  readonly #waiting = new Map<Key, () => void>();
  readonly #inside = new Map<Key, ReturnType<typeof setTimeout>>();
  #admitting = false;

  constructor({ limit = startsPerCore * availableParallelism(), turnMs = longestTurnMs }: StartGateOptions = {}) {
    this.#limit = limit;
    this.#turnMs = turnMs;
  }

  /** Calls `start`, at once if there is room. Its turn lasts until `leave`, or for the longest turn. `start` must not throw. */
  enter(key: Key, start: () => void): void {
    this.#waiting.set(key, start);
    this.#admit();
  }

  /** The start has come to an end, or is no longer wanted. */
  leave(key: Key): void {
    this.#waiting.delete(key);
    const turn = this.#inside.get(key);
    if (turn === undefined) return;
    clearTimeout(turn);
    this.#inside.delete(key);
    this.#admit();
  }

  /** Forgets all who wait. */
  close(): void {
    this.#waiting.clear();
    for (const turn of this.#inside.values()) clearTimeout(turn);
    this.#inside.clear();
  }

  /** A start that fails leaves at once, from within this loop: hence no recursion, however many fail. */
  #admit(): void {
    if (this.#admitting) return;
    this.#admitting = true;
    try {
      for (const [key, start] of this.#waiting) {
        if (this.#inside.size >= this.#limit) break;
        this.#waiting.delete(key);
        this.#inside.set(
          key,
          setTimeout(() => this.leave(key), this.#turnMs),
        );
        start();
      }
    } finally {
      this.#admitting = false;
    }
  }
}
