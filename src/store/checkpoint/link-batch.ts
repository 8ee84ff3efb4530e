import type { Records } from "../key-value/records.ts";

/**
 * Links records a few hundred at a time. The buckets of all of them are fetched first, because then the processor waits for
 * memory once instead of for each.
 */
export class LinkBatch {
  linked = 0;
  readonly #records: Records;
  readonly #hashes = new Int32Array(batchSize);
  readonly #addresses = new Float64Array(batchSize);
  #count = 0;

  constructor(records: Records) {
    this.#records = records;
  }

  /** Records of one hash must come in the order of their addresses. */
  add(hash: number, address: number): void {
    this.#hashes[this.#count] = hash;
    this.#addresses[this.#count] = address;
    if (++this.#count === batchSize) this.flush();
  }

  flush(): void {
    const records = this.#records;
    records.index.touch(this.#hashes, this.#count);
    for (let at = 0; at < this.#count; at++) records.link(this.#hashes[at] ?? 0, this.#addresses[at] ?? 0);
    this.linked += this.#count;
    this.#count = 0;
  }
}

const batchSize = 512;
