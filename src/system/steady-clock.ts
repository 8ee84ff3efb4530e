import type { Clock } from "./clock.ts";

/**
 * Wall time that never goes back and never stands still: when the machine's clock is set back, the time of the last look goes on
 * by the monotonic clock until the other has caught up. For whatever is to last as long as was said: what expires, what waits.
 */
export class SteadyClock implements Clock {
  readonly #clock: Clock;
  /** The latest time, and when it was by the monotonic clock. */
  #time: number;
  #at: number;

  /** @param latest the latest time that was seen before, such as by an earlier kernel, in wall milliseconds */
  constructor(clock: Clock, latest: number) {
    this.#clock = clock;
    this.#time = Math.max(latest, clock.now());
    this.#at = clock.monotonic();
  }

  /** Wall milliseconds, whole ones. */
  now(): number {
    const monotonic = this.#clock.monotonic();
    this.#time = Math.max(this.#clock.now(), this.#time + (monotonic - this.#at));
    this.#at = monotonic;
    return Math.floor(this.#time);
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }
}
