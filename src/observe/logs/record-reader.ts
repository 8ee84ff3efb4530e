import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import type { JoinedLine } from "./line-joiner.ts";
import type { LiveReads } from "./live-reads.ts";
import { type LogRecord, maxHeadBytes, newline, parseRecord } from "./record.ts";
import { isMissing, listSegments, type Segment } from "./segments.ts";
import { chunkBytes } from "./staging.ts";

/** A record and the positions of its first byte and of the byte after it. */
export interface PlacedRecord {
  readonly record: LogRecord;
  readonly start: number;
  readonly end: number;
  /** The line that it is, where one record is a whole one: made for the first who reads it. */
  line?: JoinedLine;
}

/** Reads a log forward from a position, across segments, while it grows at one end and is deleted at the other. */
export class RecordReader {
  readonly #folder: string;
  readonly #live: LiveReads | undefined;
  #segments: readonly Segment[] = [];
  #open: { readonly fd: number; readonly segment: Segment } | undefined;
  #position: number;
  #deletedBytes = 0;
  /** Of the log that is being read. */
  #generation: number;

  /** @param live what all who follow the log read of it; absent for one who does not follow */
  constructor(folder: string, position: number, live?: LiveReads) {
    this.#folder = folder;
    this.#position = position;
    this.#live = live;
    this.#generation = live?.generation ?? 0;
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
    const found = block.subarray(0, count).indexOf(newline);
    this.#position += found < 0 ? count : found + 1;
  }

  /** The next records, at least one; `undefined` at the end. What is no record is passed over. */
  next(): readonly PlacedRecord[] | undefined {
    const live = this.#live;
    if (live?.isEnd(this.#position)) return undefined;
    const known = live?.from(this.#position);
    if (known !== undefined) {
      this.#position = known.end;
      return known.records;
    }
    const records = this.#next();
    if (records === undefined) live?.foundEnd(this.#position);
    // By the place of the first: whoever comes to it from elsewhere finds for himself what is missing before.
    else live?.keep(records[0]?.start ?? this.#position, { records, end: this.#position });
    return records;
  }

  #next(): PlacedRecord[] | undefined {
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
    // The block is everybody's, and what is in it is looked at later.
    const bytes = Buffer.from(block.subarray(0, block.subarray(0, count).lastIndexOf(newline) + 1));
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      const record = parseRecord(bytes, start, end);
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
    if (open === undefined) this.#restartIfRenewed();
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
    if (this.#restartIfRenewed()) return true;
    this.#segments = listSegments(this.#folder);
    const next = this.#segments.find(({ base }) => base > segment.base);
    if (next === undefined) return this.#restart(segment);
    this.close();
    this.#deletedBytes += Math.max(0, next.base - this.#position);
    // What others have read may have led beyond the segment that is open here.
    this.#position = Math.max(this.#position, next.base);
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

  /** What others read may have led far beyond the file that is open here, so that it does not tell. */
  #restartIfRenewed(): boolean {
    const generation = this.#live?.generation ?? 0;
    if (generation === this.#generation) return false;
    this.#generation = generation;
    this.close();
    this.#position = listSegments(this.#folder)[0]?.base ?? 0;
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
      return readSync(this.#open.fd, block, 0, blockBytes, this.#position - segment.base);
    } catch (error) {
      if (isMissing(error)) return 0;
      throw error;
    }
  }
}

/** Holds the longest record, and is parsed within a few milliseconds. */
const blockBytes = chunkBytes + maxHeadBytes + 65_536;
/** Reading and parsing is one step, so one block is enough for all readers. */
const block = Buffer.allocUnsafeSlow(blockBytes);
