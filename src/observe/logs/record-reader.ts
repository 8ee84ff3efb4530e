import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { type LogRecord, maxHeadBytes, newline, parseRecord } from "./record.ts";
import { isMissing, listSegments, type Segment } from "./segments.ts";
import { chunkBytes } from "./staging.ts";

/** A record and the positions of its first byte and of the byte after it. */
export interface PlacedRecord {
  readonly record: LogRecord;
  readonly start: number;
  readonly end: number;
}

/** Reads a log forward from a position, across segments, while it grows at one end and is deleted at the other. */
export class RecordReader {
  readonly #folder: string;
  readonly #block = Buffer.allocUnsafe(blockBytes);
  #segments: readonly Segment[] = [];
  #open: { readonly fd: number; readonly segment: Segment } | undefined;
  #position: number;
  #deletedBytes = 0;

  constructor(folder: string, position: number) {
    this.#folder = folder;
    this.#position = position;
  }

  /** The position after the last record that was returned. */
  get position(): number {
    return this.#position;
  }

  /** Bytes that were deleted before they could be read, since the last call. */
  takeDeletedBytes(): number {
    const bytes = this.#deletedBytes;
    this.#deletedBytes = 0;
    return bytes;
  }

  /** Moves to the beginning of the first record that starts at the position or after it. */
  align(): void {
    const segment = this.#locate();
    if (segment === undefined || segment.base === this.#position) return;
    this.#position -= 1;
    const count = this.#read(segment);
    const found = this.#block.subarray(0, count).indexOf(newline);
    this.#position += found < 0 ? count : found + 1;
  }

  /**
   * The next records, at least one; `undefined` at the end. Their messages are views of one buffer, which the next call
   * overwrites. What is no record is passed over.
   */
  next(): PlacedRecord[] | undefined {
    for (;;) {
      const segment = this.#locate();
      if (segment === undefined) return undefined;
      const count = this.#read(segment);
      const records = this.#parse(count);
      if (records.length > 0) return records;
      if (count < blockBytes && !this.#skipToNext(segment)) return undefined;
    }
  }

  close(): void {
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  #parse(count: number): PlacedRecord[] {
    const records: PlacedRecord[] = [];
    const base = this.#position;
    let start = 0;
    for (let end = this.#block.indexOf(newline); end >= 0 && end < count; end = this.#block.indexOf(newline, start)) {
      const record = parseRecord(this.#block, start, end);
      if (record) records.push({ record, start: base + start, end: base + end + 1 });
      start = end + 1;
    }
    // A block without a newline is longer than any record: damaged, and given up.
    this.#position += start === 0 && count === blockBytes ? count : start;
    return records;
  }

  /** The segment that holds the position. Segments that were deleted meanwhile are counted and passed over. */
  #locate(): Segment | undefined {
    const open = this.#open?.segment;
    if (open !== undefined && this.#position >= open.base) return open;
    this.#segments = listSegments(this.#folder);
    const [oldest] = this.#segments;
    if (oldest === undefined) return undefined;
    if (this.#position < oldest.base) {
      this.#deletedBytes += oldest.base - this.#position;
      this.#position = oldest.base;
    }
    return this.#segments.findLast(({ base }) => base <= this.#position);
  }

  /** At the end of a segment: whether another one follows, which then holds the position. */
  #skipToNext(segment: Segment): boolean {
    this.#segments = listSegments(this.#folder);
    const next = this.#segments.find(({ base }) => base > segment.base);
    if (next === undefined) return this.#restart(segment);
    this.close();
    this.#deletedBytes += Math.max(0, next.base - this.#position);
    this.#position = next.base;
    return true;
  }

  /** A service that was removed and deployed again has a new log, which begins at zero. */
  #restart(segment: Segment): boolean {
    const last = this.#segments.at(-1);
    if (last === undefined || (last.base === segment.base && this.#isStill(last))) return false;
    this.close();
    this.#position = this.#segments[0]?.base ?? 0;
    return true;
  }

  /** Whether the open file is the one that has the segment's name now. */
  #isStill({ path }: Segment): boolean {
    const named = statSync(path, { throwIfNoEntry: false });
    return named === undefined || (this.#open !== undefined && fstatSync(this.#open.fd).ino === named.ino);
  }

  #read(segment: Segment): number {
    try {
      if (this.#open?.segment !== segment) {
        this.close();
        this.#open = { fd: openSync(segment.path, "r"), segment };
      }
      return readSync(this.#open.fd, this.#block, 0, blockBytes, this.#position - segment.base);
    } catch (error) {
      if (isMissing(error)) return 0;
      throw error;
    }
  }
}

/** Holds the longest record, and is parsed within a few milliseconds. */
const blockBytes = chunkBytes + maxHeadBytes + 65_536;
