/** A clock read once per tick and per wake-up, since deadlines need no more: asking the system costs more than a parse. */
export class Clock {
  /** Milliseconds; monotonic. */
  now = performance.now();

  /** How many more requests are timed before the next tick. */
  private toBeTimed = mostTimedPerTick;

  update(): void {
    this.now = performance.now();
  }

  tick(): void {
    this.update();
    this.toBeTimed = mostTimedPerTick;
  }

  /** The exact time when a request begins; 0 for one that is not timed. */
  begin(): number {
    if (this.toBeTimed === 0) return 0;
    this.toBeTimed--;
    return performance.now();
  }
}

/**
 * Of those that come in 100 ms. A busy ingress has better things to do than to read the clock twice for every request: 500 a
 * second tell its latency as well.
 */
const mostTimedPerTick = 50;
