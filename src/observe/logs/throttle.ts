import type { Clock } from "../../system/index.ts";

/**
 * A token bucket over the bytes that all logs together write. When it is empty nobody reads until time has refilled it;
 * the FIFOs fill up and slow their writers down, and nothing is lost.
 */
export class Throttle {
  readonly #clock: Clock;
  readonly #bytesPerSecond: number;
  readonly #burstBytes: number;
  #tokens: number;
  #filledAt: number;

  constructor(clock: Clock, bytesPerSecond = defaultBytesPerSecond) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
    this.#burstBytes = bytesPerSecond * burstSeconds;
    this.#tokens = this.#burstBytes;
    this.#filledAt = clock.monotonic();
  }

  /** Whether a chunk may be taken now. It may cost more than there is: the debt is waited for afterwards. */
  get open(): boolean {
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(this.#burstBytes, this.#tokens + ((now - this.#filledAt) / 1_000) * this.#bytesPerSecond);
    this.#filledAt = now;
    return this.#tokens > 0;
  }

  spend(bytes: number): void {
    this.#tokens -= bytes;
  }
}

/**
 * 200 MB/s: about two million lines of 60 bytes a second, more than any service writes in earnest, at a part of one core
 * that leaves the kernel its own work (see test/bench/log-intake.ts).
 */
const defaultBytesPerSecond = 200_000_000;
/** A short outburst, such as a stack dump of every thread, is taken at full speed. */
const burstSeconds = 0.25;
