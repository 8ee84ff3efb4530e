import { StoreError } from "../error.ts";
import type { Geometry } from "./geometry.ts";
import {
  headerBytes,
  headerWords,
  keyWordAt,
  kindData,
  kindMask,
  previousHigh,
  sizeWord,
  unitBytes,
  valueLengthWord,
} from "./layout.ts";
import type { LogFiles } from "./log-files.ts";
import { blockIsSound, readSeal } from "./page-seal.ts";

/** Seals of pages kept in memory: 4 KiB each at the usual page size, so that a terabyte of log takes at most 4 MiB of them. */
const maxSeals = 1_024;

/** Records that begin this close to a block's end, in bytes, are taken to reach into the next one. */
const usualBytes = 256;

/** Reads single records of pages that have left memory, and believes nothing without its checksum. */
export class ColdReader {
  reads = 0;
  readonly #files: LogFiles;
  readonly #geometry: Geometry;
  readonly #seals = new Map<number, Uint32Array>();
  /** Two blocks that {@link readCached} reads into, and views of them. */
  readonly #words: Int32Array;
  readonly #oneBlock: Uint8Array;
  readonly #secondBlock: Uint8Array;
  readonly #twoBlocks: Uint8Array;

  constructor(files: LogFiles, geometry: Geometry) {
    this.#files = files;
    this.#geometry = geometry;
    const { blockBytes } = geometry;
    const room = new ArrayBuffer(2 * blockBytes);
    this.#words = new Int32Array(room);
    this.#oneBlock = new Uint8Array(room, 0, blockBytes);
    this.#secondBlock = new Uint8Array(room, blockBytes);
    this.#twoBlocks = new Uint8Array(room);
  }

  /** The words of the record at an address. */
  async read(address: number): Promise<Int32Array> {
    this.reads++;
    const { pageUnits, blockBytes, pageBytes, dataUnits } = this.#geometry;
    const page = Math.floor(address / pageUnits);
    const seal = this.#seals.get(page) ?? (await this.#readSeal(page));
    const offset = (address - page * pageUnits) * unitBytes;
    const first = Math.floor(offset / blockBytes);
    const headerEnd = Math.floor((offset + headerBytes - 1) / blockBytes);
    const start = offset - first * blockBytes;
    let bytes = await this.#readBlocks(page, seal, first, headerEnd + 1);
    const size = new DataView(bytes.buffer).getInt32(start + sizeWord * 4, true);
    if (size * 2 < headerWords || offset / unitBytes + size > dataUnits) throw this.#corrupt(address * unitBytes);
    const end = Math.floor((offset + size * unitBytes - 1) / blockBytes) + 1;
    if (end > headerEnd + 1) {
      const rest = await this.#readBlocks(page, seal, headerEnd + 1, Math.min(end, pageBytes / blockBytes));
      bytes = joined(bytes, rest);
    }
    const record = new Int32Array(bytes.slice(start, start + size * unitBytes).buffer);
    if (!isSoundRecord(record)) throw this.#corrupt(address * unitBytes);
    return record;
  }

  /** The same at once, when the operating system has it in memory and it lies in one or two blocks; else `undefined`. */
  readCached(address: number): Int32Array | undefined {
    const { pageUnits, blockBytes, dataUnits } = this.#geometry;
    const page = Math.floor(address / pageUnits);
    const seal = this.#seals.get(page);
    if (seal === undefined) return undefined;
    const unit = address - page * pageUnits;
    const first = Math.floor((unit * unitBytes) / blockBytes);
    const start = unit * unitBytes - first * blockBytes;
    const isLast = (first + 1) * blockBytes >= dataUnits * unitBytes;
    const isOne = isLast || start + usualBytes <= blockBytes;
    const bytes = isOne ? this.#oneBlock : this.#twoBlocks;
    if (this.#files.readCached(address - start / unitBytes, bytes) < bytes.length) return undefined;
    const at = start / 4;
    const words = this.#words;
    const end = start + (words[at + sizeWord] ?? 0) * unitBytes;
    if (start + headerBytes > bytes.length || end > bytes.length || unit + (words[at + sizeWord] ?? 0) > dataUnits)
      return undefined;
    if (!blockIsSound(this.#oneBlock, seal, first)) return undefined;
    if (end > blockBytes && !blockIsSound(this.#secondBlock, seal, first + 1)) return undefined;
    if (!isSoundRecord(words, at)) return undefined;
    this.reads++;
    return words.subarray(at, end / 4);
  }

  async #readBlocks(page: number, seal: Uint32Array, from: number, to: number): Promise<Uint8Array> {
    const { pageUnits, blockBytes } = this.#geometry;
    const bytes = new Uint8Array((to - from) * blockBytes);
    const address = page * pageUnits + (from * blockBytes) / unitBytes;
    const count = await this.#files.read(address, bytes);
    for (let block = from; block < to; block++) {
      const at = (block - from) * blockBytes;
      if (at + blockBytes > count || !blockIsSound(bytes.subarray(at, at + blockBytes), seal, block)) {
        throw this.#corrupt(address * unitBytes + at);
      }
    }
    return bytes;
  }

  async #readSeal(page: number): Promise<Uint32Array> {
    const { pageUnits, blockBytes, dataUnits } = this.#geometry;
    const block = new Uint8Array(blockBytes);
    const address = page * pageUnits + dataUnits;
    const count = await this.#files.read(address, block);
    const seal = count === blockBytes ? readSeal(block, page) : undefined;
    if (seal === undefined) throw this.#corrupt(address * unitBytes);
    const oldest = this.#seals.keys().next();
    if (this.#seals.size >= maxSeals && !oldest.done) this.#seals.delete(oldest.value);
    this.#seals.set(page, seal);
    return seal;
  }

  #corrupt(byte: number): StoreError {
    return new StoreError("corrupt", `the log at byte ${byte} isn't what was written there`);
  }
}

function joined(one: Uint8Array, two: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(one.length + two.length);
  bytes.set(one);
  bytes.set(two, one.length);
  return bytes;
}

/** Whether a data record's lengths fit into its size. */
export function isSoundRecord(record: Int32Array, at = 0): boolean {
  if (((record[at + previousHigh] ?? 0) & kindMask) !== kindData) return false;
  const keyWords = (((record[at + keyWordAt] ?? 0) & 0xffff) + 3) >>> 2;
  const valueBytes = record[at + valueLengthWord] ?? -1;
  return valueBytes >= 0 && headerBytes + keyWords * 4 + valueBytes <= (record[at + sizeWord] ?? 0) * unitBytes;
}
