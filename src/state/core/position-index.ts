/** Records between two that are remembered: a search reads at most so many too many. */
const everyRecords = 1_024;

/** Where in the log a position lies, roughly: every so many records one is remembered. */
export class PositionIndex {
  readonly #positions: number[] = [];
  readonly #addresses: number[] = [];
  #skipped = 0;

  /** Records come in order. */
  note(position: number, address: number): void {
    this.#skipped++;
    if (this.#skipped < everyRecords) return;
    this.#skipped = 0;
    this.#positions.push(position);
    this.#addresses.push(address);
  }

  /** An address at or before the first record behind a position; 0, which is before every record, if none is known. */
  before(position: number): number {
    let low = 0;
    let high = this.#positions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#positions[middle] ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return this.#addresses[low - 1] ?? 0;
  }

  forgetBefore(address: number): void {
    const count = this.#addresses.findIndex((one) => one >= address);
    const gone = count < 0 ? this.#addresses.length : count;
    this.#positions.splice(0, gone);
    this.#addresses.splice(0, gone);
  }
}
