/**
 * Finds the newest record of a chain by the hash of its key. Buckets are 16 words: seven entries of two words, then the
 * number of an overflow bucket. An entry is the low half of an address, then bits 0–12 its high half, 13–30 the tag (the
 * upper 18 bits of the hash), 31 "in use". The bucket's number is the low bits of the hash, at least 14 of them, so bucket
 * and tag are the whole hash: a chain holds the keys of one hash, and a bucket can be split without asking the log.
 *
 * It doubles while it serves: a new table is filled a few buckets at a time, and until then the old one answers for the
 * rest.
 */
export class HashIndex {
  #table: Int32Array;
  #buckets: number;
  #nextOverflow: number;
  /** The smaller table during growth, or undefined; its buckets below `#split` have moved. */
  #old: Int32Array | undefined;
  #oldMask = 0;
  #split = 0;
  #entries = 0;
  /** The table that the last found or inserted slot lies in. */
  #found: Int32Array;
  /** While positive, growth neither starts nor goes on: somebody is copying the table. */
  held = 0;
  /** Told of a large table, the first one when this is set: it is read at random. */
  #onTable: (table: Int32Array) => void = () => {};

  /** @param buckets a power of two; at least 16,384 are made */
  constructor(buckets: number) {
    this.#buckets = Math.max(buckets, minBuckets);
    this.#table = newTable(this.#buckets);
    // Now is the time to wait for its memory, rather than at the first insertions.
    if (this.#table.byteLength >= largeBytes) this.#table.fill(0);
    this.#found = this.#table;
    this.#nextOverflow = this.#buckets;
  }

  /** Entries in use. */
  get entries(): number {
    return this.#entries;
  }

  /** Buckets, of the larger table during growth. */
  get buckets(): number {
    return this.#buckets;
  }

  get bytes(): number {
    return this.#table.byteLength + (this.#old?.byteLength ?? 0);
  }

  get growing(): boolean {
    return this.#old !== undefined;
  }

  /** The slot of the entry for a hash, or -1. Slots are valid until the next insertion or growth. */
  find(hash: number): number {
    let table = this.#table;
    let base = (hash & (this.#buckets - 1)) << 4;
    if (this.#old !== undefined) {
      const bucket = hash & this.#oldMask;
      if (bucket >= this.#split) {
        table = this.#old;
        base = bucket << 4;
      }
    }
    this.#found = table;
    const wanted = tagOf(hash);
    for (;;) {
      for (let slot = base; slot < base + 14; slot += 2) {
        if (((table[slot + 1] ?? 0) & tagMask) === wanted) return slot;
      }
      const next = table[base + 14] ?? 0;
      if (next === 0) return -1;
      base = next << 4;
    }
  }

  /** Has the buckets of some hashes in the processor's cache for what follows; returns nothing of use. */
  touch(hashes: Int32Array, from: number, to: number): number {
    const table = this.#table;
    const mask = this.#buckets - 1;
    let sum = 0;
    for (let at = from; at < to; at++) sum ^= table[((hashes[at] ?? 0) & mask) << 4] ?? 0;
    return sum;
  }

  /** The address in a slot. */
  address(slot: number): number {
    const high = this.#found[slot + 1] ?? 0;
    return joinAddress(this.#found[slot] ?? 0, high);
  }

  set(slot: number, address: number): void {
    const table = this.#found;
    table[slot] = addressLow(address);
    table[slot + 1] = ((table[slot + 1] ?? 0) & tagMask) | addressHigh(address);
  }

  /** Adds an entry for a hash that has none, and lets a growing table grow on. */
  insert(hash: number, address: number): void {
    if (this.#old === undefined && this.#entries > this.#buckets * fullEntries && this.held === 0) this.#beginGrowth();
    if (this.#old !== undefined && this.held === 0) this.grow(bucketsPerInsert);
    const old = this.#old;
    if (old !== undefined && (hash & this.#oldMask) >= this.#split) {
      if (insertInto(old, hash & this.#oldMask, tagOf(hash), address, this.#overflowOf(old))) {
        this.#entries++;
        return;
      }
      this.grow(Number.POSITIVE_INFINITY);
    }
    while (!this.#insertNew(hash & (this.#buckets - 1), tagOf(hash), address)) this.#makeRoom();
    this.#entries++;
  }

  /** Moves up to `buckets` buckets of a growing table. */
  grow(buckets: number): void {
    const old = this.#old;
    if (old === undefined) return;
    const end = Math.min(this.#split + buckets, this.#oldMask + 1);
    for (; this.#split < end; this.#split++) this.#moveBucket(old, this.#split);
    if (this.#split <= this.#oldMask) return;
    this.#old = undefined;
    this.#tellTable();
  }

  /** Has somebody told of every large table, this one's included, because it is read at random. */
  set onTable(onTable: (table: Int32Array) => void) {
    this.#onTable = onTable;
    this.#tellTable();
  }

  #tellTable(): void {
    if (this.#table.byteLength >= largeBytes) this.#onTable(this.#table);
  }

  /** Grows at once until there are at least `buckets`, a power of two. */
  growTo(buckets: number): void {
    this.grow(Number.POSITIVE_INFINITY);
    if (this.#entries === 0 && buckets > this.#buckets) this.#replaceEmpty(buckets);
    while (this.#buckets < buckets) {
      this.#beginGrowth();
      this.grow(Number.POSITIVE_INFINITY);
    }
  }

  /** Calls `visit` with every entry of some buckets: its hash and address. Not during growth. */
  visit(from: number, to: number, visit: (hash: number, address: number) => void): void {
    const table = this.#table;
    for (let bucket = from; bucket < Math.min(to, this.#buckets); bucket++) {
      for (let base = bucket << 4; ; ) {
        for (let slot = base; slot < base + 14; slot += 2) {
          const high = table[slot + 1] ?? 0;
          if (high !== 0) visit(hashOf(bucket, high), joinAddress(table[slot] ?? 0, high));
        }
        const next = table[base + 14] ?? 0;
        if (next === 0) break;
        base = next << 4;
      }
    }
  }

  /** Frees the entries of some buckets that point below `begin`. Not during growth. */
  sweep(from: number, to: number, begin: number): void {
    const table = this.#table;
    for (let bucket = from; bucket < Math.min(to, this.#buckets); bucket++) {
      for (let base = bucket << 4; ; ) {
        for (let slot = base; slot < base + 14; slot += 2) {
          const high = table[slot + 1] ?? 0;
          if (high === 0 || joinAddress(table[slot] ?? 0, high) >= begin) continue;
          table[slot] = 0;
          table[slot + 1] = 0;
          this.#entries--;
        }
        const next = table[base + 14] ?? 0;
        if (next === 0) break;
        base = next << 4;
      }
    }
  }

  /** Forgets all entries. */
  clear(): void {
    this.#old = undefined;
    this.#table.fill(0);
    this.#nextOverflow = this.#buckets;
    this.#entries = 0;
  }

  #insertNew(bucket: number, tag: number, address: number): boolean {
    return insertInto(this.#table, bucket, tag, address, this.#overflow);
  }

  readonly #overflow = { take: () => this.#takeOverflow() };

  #takeOverflow(): number {
    if (this.#nextOverflow << 4 >= this.#table.length) return 0;
    return this.#nextOverflow++;
  }

  /** The old table gets no more overflow buckets: whoever needs one moves on. */
  #overflowOf(table: Int32Array): Overflow {
    return table === this.#table ? this.#overflow : noOverflow;
  }

  /** More overflow than was planned for: finish growing, or grow. A held table is enlarged behind its buckets. */
  #makeRoom(): void {
    if (this.held === 0) {
      this.grow(Number.POSITIVE_INFINITY);
      this.#beginGrowth();
      this.grow(Number.POSITIVE_INFINITY);
      return;
    }
    this.#enlarge();
  }

  #enlarge(): void {
    const larger = new Int32Array(this.#table.length + (this.#buckets << 3));
    larger.set(this.#table);
    this.#table = larger;
  }

  #replaceEmpty(buckets: number): void {
    this.#buckets = buckets;
    this.#table = newTable(buckets);
    this.#found = this.#table;
    this.#nextOverflow = buckets;
    this.#tellTable();
  }

  #beginGrowth(): void {
    this.#old = this.#table;
    this.#oldMask = this.#buckets - 1;
    this.#split = 0;
    this.#buckets *= 2;
    this.#table = newTable(this.#buckets);
    this.#nextOverflow = this.#buckets;
  }

  #moveBucket(old: Int32Array, bucket: number): void {
    const bit = this.#oldMask + 1;
    for (let base = bucket << 4; ; ) {
      for (let slot = base; slot < base + 14; slot += 2) {
        const high = old[slot + 1] ?? 0;
        if (high !== 0) this.#moveEntry(bucket, bit, high & tagMask, joinAddress(old[slot] ?? 0, high));
      }
      const next = old[base + 14] ?? 0;
      if (next === 0) break;
      base = next << 4;
    }
  }

  #moveEntry(bucket: number, bit: number, tag: number, address: number): void {
    // Bit n of the hash lies 1 lower in the tag's word, because the tag begins with bit 14 of the hash at bit 13.
    const target = (tag & inUseMask & (bit >>> 1)) === 0 ? bucket : bucket + bit;
    while (!this.#insertNew(target, tag, address)) this.#enlarge();
  }
}

interface Overflow {
  /** The number of a fresh bucket, or 0. */
  take(): number;
}

const noOverflow: Overflow = { take: () => 0 };

/** Fewer would leave bits of the hash in neither the bucket's number nor the tag. Takes 1.1 MiB, as far as it is touched. */
const minBuckets = 2 ** 14;

const highMask = 0x1fff;
const tagMask = ~highMask;
const inUse = 1 << 31;
const inUseMask = ~inUse;
/** Seven entries a bucket; beyond this average, lookups begin to meet overflow buckets. */
const fullEntries = 4.5;
/** Growth is over after a quarter of the insertions that would fill the table up. */
const bucketsPerInsert = 4;

function tagOf(hash: number): number {
  return ((hash >>> 14) << 13) | inUse;
}

/** The whole hash of an entry. */
function hashOf(bucket: number, high: number): number {
  return ((high & inUseMask & tagMask) << 1) | (bucket & (minBuckets - 1));
}

function joinAddress(low: number, high: number): number {
  const upper = high & highMask;
  return upper === 0 && low >= 0 ? low : upper * 2 ** 32 + (low >>> 0);
}

function addressLow(address: number): number {
  return address | 0;
}

function addressHigh(address: number): number {
  return address < 2 ** 32 ? 0 : Math.floor(address / 2 ** 32);
}

/** One overflow bucket for every eight: measured need at the average above is one for thirty. */
function newTable(buckets: number): Int32Array {
  return new Int32Array((buckets + Math.max(8, buckets >>> 3)) << 4);
}

/** Smaller tables fit into the processor's caches, and their memory may never be touched in full. */
const largeBytes = 2 ** 22;

function insertInto(table: Int32Array, bucket: number, tag: number, address: number, overflow: Overflow): boolean {
  for (let base = bucket << 4; ; ) {
    for (let slot = base; slot < base + 14; slot += 2) {
      if (table[slot + 1] !== 0) continue;
      table[slot] = addressLow(address);
      table[slot + 1] = tag | addressHigh(address);
      return true;
    }
    let next = table[base + 14] ?? 0;
    if (next === 0) {
      next = overflow.take();
      if (next === 0) return false;
      table[base + 14] = next;
    }
    base = next << 4;
  }
}
