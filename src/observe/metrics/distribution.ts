/** How often what was observed: a count and a sum, and how many lay between which bounds. */
export class Distribution {
  readonly bounds: readonly number[];
  /** One for each bound, and one for what lies beyond the last. */
  readonly counts: Float64Array;
  sum = 0;

  /** @param bounds upper bounds, ascending; none for a summary */
  constructor(bounds: readonly number[] = []) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  get count(): number {
    return this.counts.reduce((total, part) => total + part, 0);
  }

  observe(value: number): void {
    let index = 0;
    while (index < this.bounds.length && value > (this.bounds[index] ?? 0)) index++;
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.sum += value;
  }

  /** How many observations were at most each bound. */
  buckets(): { le: number; count: number }[] {
    let count = 0;
    return this.bounds.map((le, index) => {
      count += this.counts[index] ?? 0;
      return { le, count };
    });
  }
}
