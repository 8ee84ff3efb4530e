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

  /** How long to wait until it is worth while to look again. */
  get pauseMs(): number {
    return this.open ? 0 : Math.max(shortestPauseMs, Math.ceil((-this.#tokens / this.#bytesPerSecond) * 1_000));
  }

  spend(bytes: number): void {
    this.#tokens -= bytes;
  }
}

/**
 * 200 MB/s on disk: about two million lines of 60 bytes a second, more than any service writes in earnest, for a third of
 * one core, so that the kernel keeps the rest (measured with test/bench/log-intake.ts; without a cap it reaches four times that).
 */
const defaultBytesPerSecond = 200_000_000;
/** A short outburst, such as a stack dump of every thread, is taken at full speed. */
const burstSeconds = 0.25;
/** Enough for two or three chunks to become affordable. */
const shortestPauseMs = 4;
