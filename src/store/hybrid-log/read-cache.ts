/**
 * Copies of cold records, by address. Records on disk never change, so nothing is ever invalidated; the oldest copies are
 * overwritten. A lookup table of one place per hash is enough: a cache may forget.
 */
export class ReadCache {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** The same memory, see `LogMemory`. */
  readonly buffer: Buffer;
  hits = 0;
  readonly #units: number;
  readonly #table: Float64Array;
  #next = 1;

  /** @param bytes a power of two, at least 1 KiB */
  constructor(bytes: number) {
    const buffer = new ArrayBuffer(bytes);
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.buffer = Buffer.from(buffer);
    this.#units = bytes / 8;
    this.#table = new Float64Array(Math.max(16, this.#units / usualUnits));
  }

  /** Bytes that have ever held a copy: the rest takes no memory yet. */
  get usedBytes(): number {
    return Math.min(this.#next, this.#units) * 8;
  }

  /** Index of the first word of a record's copy, or -1. */
  find(address: number): number {
    const place = this.#table[this.#slot(address)] ?? 0;
    if (place === 0 || place + this.#units < this.#next) return -1;
    const at = (place % this.#units) * 2;
    if (this.words[at] !== (address | 0) || this.words[at + 1] !== Math.floor(address / 2 ** 32)) return -1;
    this.hits++;
    return at + 2;
  }

  /** Keeps a copy of a record. One too large for the cache is left out: `false`. */
  add(address: number, record: Int32Array): boolean {
    const units = 1 + record.length / 2;
    if (units > this.#units / 4) return false;
    const left = this.#units - (this.#next % this.#units);
    if (left < units) this.#next += left;
    const at = (this.#next % this.#units) * 2;
    this.words[at] = address | 0;
    this.words[at + 1] = Math.floor(address / 2 ** 32);
    this.words.set(record, at + 2);
    this.#table[this.#slot(address)] = this.#next;
    this.#next += units;
    return true;
  }

  #slot(address: number): number {
    const mixed = Math.imul(address | 0, 0x9e3779b1);
    return (mixed ^ (mixed >>> 15)) & (this.#table.length - 1);
  }
}

/** The lookup table has one place for every so many units of records. */
const usualUnits = 16;
