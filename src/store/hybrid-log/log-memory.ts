import { hugeBytes } from "../file/index.ts";
import type { Geometry } from "./geometry.ts";
import { firstAddress } from "./geometry.ts";
import { headerWords, kindFiller, previousHigh, sizeWord } from "./layout.ts";

/** Full memory is told of in steps of this size. */
const toldBytes = 2 ** 24;

/**
 * The part of the log that is in memory: a ring of pages. It knows where the regions begin and hands out space at the
 * tail; files are somebody else's.
 *
 * `begin ≤ head ≤ safeReadOnly ≤ readOnly ≤ tail`
 * - below `begin`: forgotten · from `begin`: on disk only · from `head`: also in memory
 * - from `safeReadOnly`: not known to be durable · from `readOnly`: not yet being written
 * - from `inPlaceFrom` (≥ `readOnly`, more only while a snapshot is written): may be changed in place
 */
export class LogMemory {
  readonly geometry: Geometry;
  readonly pages: number;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** The same memory, for its `copy`: the one way to get bytes out that makes no view on the way. */
  readonly buffer: Buffer;
  readonly unitMask: number;

  begin = firstAddress;
  head = 0;
  safeReadOnly = firstAddress;
  readOnly = firstAddress;
  inPlaceFrom = firstAddress;
  tail = firstAddress;
  /** Nothing from here on may leave memory: a snapshot is still to read it. */
  pinned = Number.POSITIVE_INFINITY;
  /** Told when a page has been filled and the next begun. */
  onPageTurn: () => void = () => {};
  #dataEnd: number;
  #onFull: (memory: Uint8Array) => void = () => {};
  #told = 0;

  constructor(geometry: Geometry, pages: number) {
    this.geometry = geometry;
    this.pages = pages;
    const buffer = new ArrayBuffer(pages * geometry.pageBytes);
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.buffer = Buffer.from(buffer);
    this.unitMask = pages * geometry.pageUnits - 1;
    this.#dataEnd = geometry.dataUnits;
  }

  /** Index of the first word of the record at an address that is in memory. */
  at(address: number): number {
    return (address & this.unitMask) << 1;
  }

  /** The address of `units` fresh units at the tail, all in one page; 0 when a page must be freed first. */
  allocate(units: number): number {
    const address = this.tail;
    const end = address + units;
    if (end <= this.#dataEnd) {
      this.tail = end;
      return address;
    }
    if (!this.turnPage()) return 0;
    const start = this.tail;
    this.tail = start + units;
    return start;
  }

  /** Whether `units` units can be had in one page right now, maybe after {@link turnPage}. */
  hasRoom(units: number): boolean {
    return this.tail + units <= this.#dataEnd || this.#nextIsFree();
  }

  /** Units left in the page of the tail. */
  get left(): number {
    return this.#dataEnd - this.tail;
  }

  /** Fills up the page of the tail and goes on to the next; `false` when that one's memory is still in use. */
  turnPage(): boolean {
    if (!this.#nextIsFree()) return false;
    const { pageUnits } = this.geometry;
    this.#fill();
    this.placeTail((this.pageOf(this.tail) + 1) * pageUnits);
    this.onPageTurn();
    return true;
  }

  /** Sets the tail when a log is opened. */
  placeTail(address: number): void {
    const { pageUnits, dataUnits } = this.geometry;
    this.tail = address;
    this.#dataEnd = this.pageOf(address) * pageUnits + dataUnits;
    this.#tellFull(this.pageOf(address));
  }

  /** Has somebody told of memory that has been filled, and is read at random from then on. */
  set onFull(onFull: (memory: Uint8Array) => void) {
    this.#onFull = onFull;
    if (this.#told > 0) onFull(this.bytes.subarray(0, this.#told));
  }

  /** Memory below a page is full. Huge pages of the system lie across where it was told of before. */
  #tellFull(page: number): void {
    const end = Math.min(page, this.pages) * this.geometry.pageBytes;
    if (end - this.#told < toldBytes) return;
    this.#onFull(this.bytes.subarray(Math.max(0, this.#told - hugeBytes), end));
    this.#told = end;
  }

  pageOf(address: number): number {
    return Math.floor(address / this.geometry.pageUnits);
  }

  /** The bytes of a page that is in memory. */
  page(number: number): Uint8Array {
    const start = (number & (this.pages - 1)) * this.geometry.pageBytes;
    return this.bytes.subarray(start, start + this.geometry.pageBytes);
  }

  /** Bytes from `from` up to `to`, both in one page (`to` may be its end). */
  range(from: number, to: number): Uint8Array {
    const start = (from & this.unitMask) * 8;
    return this.bytes.subarray(start, start + (to - from) * 8);
  }

  /** Gives up the memory of pages below `address`, as far as they are durable and nobody still needs them. */
  evictBelow(address: number): void {
    const { pageUnits } = this.geometry;
    const limit = Math.min(address, this.safeReadOnly, this.pinned);
    const head = Math.floor(limit / pageUnits) * pageUnits;
    if (head > this.head) this.head = head;
  }

  #nextIsFree(): boolean {
    const next = this.pageOf(this.tail) + 1;
    return (next - this.pages + 1) * this.geometry.pageUnits <= this.head;
  }

  #fill(): void {
    const left = this.left;
    if (left <= 0) return;
    const at = this.at(this.tail);
    this.words.fill(0, at, at + left * 2);
    if (left * 2 < headerWords) return;
    this.words[at + previousHigh] = kindFiller;
    this.words[at + sizeWord] = left;
  }
}
