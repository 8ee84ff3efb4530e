import { StoreError } from "../error.ts";
import {
  addressHigh,
  addressLow,
  hashWord,
  headerBytes,
  headerWords,
  joinAddress,
  keyWordAt,
  kindData,
  previousHigh,
  previousLow,
  recordUnits,
  sizeWord,
  tombstone,
  valueLengthWord,
  versionWord,
} from "../hybrid-log/layout.ts";
import type { LogMemory } from "../hybrid-log/log-memory.ts";
import type { ReadCache } from "../hybrid-log/read-cache.ts";
import type { HashIndex } from "../index/index.ts";
import type { KeyBuffer } from "./key.ts";

/** What {@link Records.find} found: nothing · in memory · in the read cache · maybe on disk, at `address`. */
export const absent = 0;
const inMemory = 1;
const inCache = 2;
export const onDisk = 3;

/** Values up to this size are copied rather than viewed: the copy is what costs less. */
const copiedBytes = 1_024;

/** Values that outgrow their place get this much more than they need, as a shift: an eighth. */
const slackShift = 3;

/** Finds, writes and deletes records, in memory and without ever waiting. The hot path of the store: it makes no garbage. */
export class Records {
  readonly memory: LogMemory;
  readonly index: HashIndex;
  readonly cache: ReadCache;
  /** Stamped on whatever is written. */
  version = 1;
  /** The first word of the record that was found, in the memory's or the cache's words. */
  at = 0;
  /** The address of what was found, or of the first record of the chain that has to be read from disk. */
  address = 0;
  #slot = -1;
  /** What the last {@link view} of a small value gave out. */
  #lent = new Uint8Array(0);

  constructor(memory: LogMemory, index: HashIndex, cache: ReadCache) {
    this.memory = memory;
    this.index = index;
    this.cache = cache;
  }

  /** The newest record of a key, deleted ones included. */
  find(key: KeyBuffer): number {
    this.#slot = this.index.find(key.hash);
    if (this.#slot < 0) return absent;
    return this.findFrom(key, this.index.address(this.#slot));
  }

  /** The same along a chain from some address on. */
  findFrom(key: KeyBuffer, start: number): number {
    const { memory } = this;
    const { words } = memory;
    let address = start;
    while (address >= memory.head && address >= memory.begin) {
      const at = memory.at(address);
      if (matches(words, at, key)) {
        this.at = at;
        this.address = address;
        return inMemory;
      }
      address = joinAddress(words[at + previousLow] ?? 0, words[at + previousHigh] ?? 0);
    }
    return address < memory.begin ? absent : this.#findCached(key, address);
  }

  #findCached(key: KeyBuffer, start: number): number {
    const { words } = this.cache;
    let address = start;
    while (address >= this.memory.begin) {
      const at = this.cache.find(address);
      this.address = address;
      if (at < 0) return onDisk;
      if (matches(words, at, key)) {
        this.at = at;
        return inCache;
      }
      address = joinAddress(words[at + previousLow] ?? 0, words[at + previousHigh] ?? 0);
    }
    return absent;
  }

  /** Whether the record that was found marks a deletion. `where` is what {@link find} returned. */
  isDeleted(where: number): boolean {
    const words = where === inMemory ? this.memory.words : this.cache.words;
    return ((words[this.at + previousHigh] ?? 0) & tombstone) !== 0;
  }

  /** The record before the one that was found in its chain, or 0. */
  previous(where: number): number {
    const words = where === inMemory ? this.memory.words : this.cache.words;
    return joinAddress(words[this.at + previousLow] ?? 0, words[this.at + previousHigh] ?? 0);
  }

  /** A copy of the value that was found. */
  value(where: number): Uint8Array {
    const { words, buffer } = where === inMemory ? this.memory : this.cache;
    const start = valueStart(words, this.at);
    const length = words[this.at + valueLengthWord] ?? 0;
    const value = new Uint8Array(length);
    // Not `slice` or `subarray`: a view costs more than the copy of a small value, and is garbage besides.
    buffer.copy(value, 0, start, start + length);
    return value;
  }

  /** The value that was found, good until the next call or write. */
  view(where: number): Uint8Array {
    const { words, buffer } = where === inMemory ? this.memory : this.cache;
    const start = valueStart(words, this.at);
    const length = words[this.at + valueLengthWord] ?? 0;
    if (length > copiedBytes) return new Uint8Array(buffer.buffer, start, length);
    if (this.#lent.length !== length) this.#lent = new Uint8Array(length);
    buffer.copy(this.#lent, 0, start, start + length);
    return this.#lent;
  }

  /** Copies the value that was found; returns its length, which may be more than `target` can hold. */
  copyValue(where: number, target: Uint8Array): number {
    const { words, buffer } = where === inMemory ? this.memory : this.cache;
    const start = valueStart(words, this.at);
    const length = words[this.at + valueLengthWord] ?? 0;
    buffer.copy(target, 0, start, start + length);
    return length;
  }

  /** Writes a value: in its place where that is allowed, else at the tail. `false` when memory must be freed first. */
  put(key: KeyBuffer, value: Uint8Array): boolean {
    this.#slot = this.index.find(key.hash);
    const newest = this.#slot < 0 ? 0 : this.index.address(this.#slot);
    // What can't be changed in place needn't be looked at, and that would be a fetch from memory for each write.
    return this.replace(key, value, newest < this.memory.inPlaceFrom ? absent : this.findFrom(key, newest));
  }

  /** The same right after a {@link find} of the key that returned `where`; {@link absent} also where that isn't known. */
  replace(key: KeyBuffer, value: Uint8Array, where: number): boolean {
    const { memory } = this;
    const { words } = memory;
    let units = recordUnits(key.wordCount, value.length);
    if (where === inMemory) {
      const { at } = this;
      if (units <= (words[at + sizeWord] ?? 0)) {
        if (this.address >= memory.inPlaceFrom) {
          words[at + versionWord] = this.version;
          words[at + previousHigh] = (words[at + previousHigh] ?? 0) & ~tombstone;
          words[at + valueLengthWord] = value.length;
          memory.bytes.set(value, (at + headerWords + key.wordCount) * 4);
          return true;
        }
      } else
        units = Math.min(recordUnits(key.wordCount, value.length + (value.length >>> slackShift)), maxUnits(memory));
    }
    const at = this.#append(key, units, value.length, 0);
    if (at < 0) return false;
    memory.bytes.set(value, (at + headerWords + key.wordCount) * 4);
    return true;
  }

  /** Deletes a key, known or not. `false` when memory must be freed first. */
  delete(key: KeyBuffer): boolean {
    return this.remove(key, this.find(key));
  }

  /** The same right after a {@link find} of the key that returned `where`. */
  remove(key: KeyBuffer, where: number): boolean {
    const { memory } = this;
    const { words } = memory;
    if (where === absent) return true;
    if (where !== onDisk && this.isDeleted(where)) return true;
    if (where === inMemory && this.address >= memory.inPlaceFrom) {
      words[this.at + versionWord] = this.version;
      words[this.at + previousHigh] = (words[this.at + previousHigh] ?? 0) | tombstone;
      return true;
    }
    return this.#append(key, recordUnits(key.wordCount, 0), 0, tombstone) >= 0;
  }

  /** Appends a copy of a record as the newest of its key. `false` when memory must be freed first. */
  copyToTail(key: KeyBuffer, value: Uint8Array): boolean {
    this.#slot = this.index.find(key.hash);
    const at = this.#append(key, recordUnits(key.wordCount, value.length), value.length, 0);
    if (at < 0) return false;
    this.memory.bytes.set(value, (at + headerWords + key.wordCount) * 4);
    return true;
  }

  /** Throws when a record could never fit into a page. */
  checkSize(key: KeyBuffer, valueBytes: number): void {
    if (recordUnits(key.wordCount, valueBytes) <= maxUnits(this.memory)) return;
    const most = maxUnits(this.memory) * 8 - headerBytes;
    throw new StoreError("too_large", `a value of ${valueBytes} bytes: key and value may have ${most} bytes together`);
  }

  /** Writes header and key of a new record at the tail and links it; its first word, or -1 without room. */
  #append(key: KeyBuffer, units: number, valueBytes: number, flags: number): number {
    const { memory, index } = this;
    const { words } = memory;
    const address = memory.allocate(units);
    if (address === 0) return -1;
    const previous = this.#slot < 0 ? 0 : index.address(this.#slot);
    const at = memory.at(address);
    words[at + previousLow] = addressLow(previous);
    words[at + previousHigh] = addressHigh(previous) | kindData | flags;
    words[at + versionWord] = this.version;
    words[at + hashWord] = key.hash;
    words[at + keyWordAt] = key.keyWord;
    words[at + valueLengthWord] = valueBytes;
    words[at + sizeWord] = units;
    const to = at + headerWords;
    for (let word = 0; word < key.wordCount; word++) words[to + word] = key.words[word] ?? 0;
    if (this.#slot < 0) index.insert(key.hash, address);
    else index.set(this.#slot, address);
    return at;
  }

  /** Links a record that recovery read, the newest of its chain so far. */
  link(hash: number, address: number): void {
    const slot = this.index.find(hash);
    if (slot < 0) this.index.insert(hash, address);
    else this.index.set(slot, address);
  }
}

export function matches(words: Int32Array, at: number, key: KeyBuffer): boolean {
  if (words[at + hashWord] !== key.hash || words[at + keyWordAt] !== key.keyWord) return false;
  const own = key.words;
  const start = at + headerWords;
  for (let word = 0; word < key.wordCount; word++) {
    if (words[start + word] !== own[word]) return false;
  }
  return true;
}

/** Byte at which a record's value begins. */
export function valueStart(words: Int32Array, at: number): number {
  return (at + headerWords) * 4 + ((((words[at + keyWordAt] ?? 0) & 0xffff) + 3) & ~3);
}

/** The largest record: it must fit into a page whose first units are taken, as those of the first page are. */
function maxUnits(memory: LogMemory): number {
  return memory.geometry.dataUnits - 8;
}
