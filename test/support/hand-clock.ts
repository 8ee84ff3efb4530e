import type { Clock } from "../../src/system/index.ts";

/** A clock that stands still until it is moved; wall and monotonic time can be moved apart, as a machine's are. */
export class HandClock implements Clock {
  wall = Date.UTC(2026, 10, 21);
  elapsed = 1_000;

  now(): number {
    return this.wall;
  }

  monotonic(): number {
    return this.elapsed;
  }

  /** Time passes. */
  pass(ms: number): void {
    this.wall += ms;
    this.elapsed += ms;
  }

  /** Somebody sets the clock, forward or back. */
  jump(ms: number): void {
    this.wall += ms;
  }
}
