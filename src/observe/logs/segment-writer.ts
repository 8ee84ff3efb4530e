import { closeSync, constants, fstatSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import type { OpenFiles } from "./open-files.ts";
import { repairTail } from "./repair.ts";
import { endOf, isMissing, listSegments, type Segment, segmentPath } from "./segments.ts";

/**
 * The writing end of one log: appends to its last segment, begins a new one when that is full, and deletes the oldest so
 * that all together stay within the budget.
 */
export class SegmentWriter {
  readonly #folder: string;
  readonly #files: OpenFiles;
  #budgetBytes: number;
  #segments: Segment[];
  #end: number;
  #fd: number | undefined;
  /** Whether the last segment is known to end with a whole record. */
  #whole = false;

  constructor(folder: string, files: OpenFiles, budgetBytes: number) {
    this.#folder = folder;
    this.#files = files;
    this.#budgetBytes = budgetBytes;
    this.#segments = listSegments(folder);
    this.#end = endOf(this.#segments);
  }

  /** The position after the last byte. */
  get end(): number {
    return this.#end;
  }

  /** Bytes kept. */
  get bytes(): number {
    return this.#end - (this.#segments[0]?.base ?? this.#end);
  }

  /** Whether the oldest segment can go without taking the newest lines with it. */
  get hasOlderPart(): boolean {
    return this.#segments.length > 1;
  }

  /** The largest piece that {@link append} takes at once. */
  get segmentBytes(): number {
    return Math.floor(this.#budgetBytes / segmentsPerBudget);
  }

  set budgetBytes(bytes: number) {
    this.#budgetBytes = bytes;
  }

  /**
   * Writes whole records. Throws what the system says (ENOSPC, …); nothing of the piece is kept then, and the segment is
   * opened afresh by the next call.
   */
  append(records: Uint8Array): void {
    const fd = this.#open();
    const last = this.#segments.at(-1);
    if (last !== undefined && this.#end > last.base && this.#end - last.base + records.length > this.segmentBytes) {
      this.roll();
      this.append(records);
      return;
    }
    this.#makeRoom(records.length);
    const before = this.#end;
    try {
      for (let written = 0; written < records.length; ) written += writeSync(fd, records, written);
      this.#end += records.length;
    } catch (error) {
      if (last !== undefined) this.#undo(fd, before - last.base);
      throw error;
    }
  }

  /** Cuts off everything after a position, which must be the end of a record. */
  truncate(position: number): void {
    if (position >= this.#end) return;
    this.release();
    while (this.#segments.length > 1 && (this.#segments.at(-1)?.base ?? 0) >= position) {
      rmSync(this.#segments.pop()?.path ?? "", { force: true });
    }
    const last = this.#segments.at(-1);
    if (last === undefined) return;
    this.#end = Math.max(position, last.base);
    const fd = openSync(last.path, constants.O_WRONLY);
    try {
      ftruncateSync(fd, this.#end - last.base);
    } finally {
      closeSync(fd);
    }
  }

  /** Deletes the oldest segment, by beginning a new one first when it is the only one: positions are never reused. */
  dropOldest(): void {
    if (this.#segments.length === 1) this.roll();
    const oldest = this.#segments.shift();
    if (oldest !== undefined) rmSync(oldest.path, { force: true });
  }

  /** Deletes the whole log; the next append begins a new one at position 0. */
  removeAll(): void {
    this.release();
    rmSync(this.#folder, { recursive: true, force: true });
    this.#segments = [];
    this.#end = 0;
    this.#whole = false;
  }

  /** Closes the file; the next append opens it again. */
  release(): void {
    if (this.#fd === undefined) return;
    this.#files.forget(this);
    closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Begins a new segment at the present end. */
  roll(): void {
    this.release();
    this.#files.use(this);
    this.#begin();
  }

  #open(): number {
    this.#files.use(this);
    if (this.#fd !== undefined) return this.#fd;
    const last = this.#segments.at(-1);
    if (last === undefined) return this.#begin();
    const fd = this.#reopen(last);
    if (fd === undefined) return this.#begin();
    this.#fd = fd;
    const { size } = fstatSync(fd);
    if (!this.#whole || size !== this.#end - last.base) this.#end = last.base + repairTail(fd, size);
    this.#whole = true;
    return fd;
  }

  /** Undefined when somebody deleted the log by hand: it goes on in a new segment then. */
  #reopen({ path }: Segment): number | undefined {
    try {
      return openSync(path, appendFlags);
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.#segments = [];
      return undefined;
    }
  }

  #begin(): number {
    mkdirSync(this.#folder, { recursive: true, mode: ownerFolder });
    const path = segmentPath(this.#folder, this.#end);
    this.#fd = openSync(path, appendFlags | constants.O_CREAT, ownerFile);
    if (this.#segments.at(-1)?.base !== this.#end) this.#segments.push({ base: this.#end, path });
    return this.#fd;
  }

  #makeRoom(bytes: number): void {
    while (this.#segments.length > 1 && this.bytes + bytes > this.#budgetBytes) this.dropOldest();
  }

  #undo(fd: number, size: number): void {
    try {
      ftruncateSync(fd, size);
    } catch {
      // Opening the segment again repairs its torn end.
      this.#whole = false;
    }
    this.release();
  }
}

/** Deleting the oldest segment loses at most this share of the budget at once. */
const segmentsPerBudget = 8;
const ownerFolder = 0o700;
const ownerFile = 0o600;
/** `O_CLOEXEC`, equal on x86-64 and arm64. Reading is for the repair of a torn end. */
const appendFlags = constants.O_RDWR | constants.O_APPEND | 0o2000000;
