/** Upper bounds of the buckets of latency, in milliseconds. */
const boundsMs = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000] as const;

/** The requests of one route, or of one endpoint: by class of status, and how long they took. Counting costs no allocation. */
export class RequestCounters {
  readonly boundsMs: readonly number[] = boundsMs;
  /** By the first digit of the status; at 0 those that were cut off. */
  readonly classes = new Float64Array(6);
  /** One for each bound, and one for what took longer. */
  readonly counts = new Float64Array(boundsMs.length + 1);
  sumMs = 0;

  /**
   * @param status 0 for a request that was cut off
   * @param tookMs null for one that is not timed
   */
  add(status: number, tookMs: number | null): void {
    const digit = (status / 100) | 0;
    if (digit < 6) this.classes[digit] = (this.classes[digit] ?? 0) + 1;
    if (tookMs !== null) this.time(tookMs);
  }

  private time(tookMs: number): void {
    let index = 0;
    while (index < boundsMs.length && tookMs > (boundsMs[index] ?? 0)) index++;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.sumMs += tookMs;
  }
}
