import type { Clock } from "../../system/index.ts";

/**
 * The time by which capabilities expire: wall time that never goes back and never stands still. A clock that is set back can
 * neither bring an expired capability to life again nor make one last longer: the time of the last look goes on by the
 * monotonic clock, and the latest time seen is kept, so that the next kernel begins there.
 */
export class GuardClock {
  readonly #clock: Clock;
  /** The latest time, and when it was by the monotonic clock. */
  #time: number;
  #at: number;

  /** @param latest the latest time that an earlier kernel had seen, in wall milliseconds */
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
}
