import { join } from "node:path";
import { StoreError } from "../error.ts";
import type { FileSystem, StoreFile } from "../file/index.ts";
import type { Geometry } from "./geometry.ts";
import { unitBytes } from "./layout.ts";
import { endOfContent, isOutOfSpace, zerosAhead } from "./write-ahead-room.ts";

/**
 * The log on disk: segment files of equal size, each page at the place that its number gives it. Positions are addresses.
 */
export class LogFiles {
  readonly #files: FileSystem;
  readonly #folder: string;
  readonly #segmentBytes: number;
  readonly #blockBytes: number;
  /** Up to here the space was freed. */
  #holeEnd = 0;
  readonly #open = new Map<number, StoreFile>();
  /** Bytes of the segments that were written to. */
  readonly #sizes = new Map<number, number>();
  readonly #unsynced = new Set<number>();
  #folderUnsynced = false;
  readonly #readOnly: boolean;

  constructor(files: FileSystem, folder: string, geometry: Geometry, readOnly = false) {
    this.#files = files;
    this.#folder = folder;
    this.#segmentBytes = geometry.segmentBytes;
    this.#blockBytes = geometry.blockBytes;
    this.#readOnly = readOnly;
  }

  /** Writes bytes that don't cross a segment. Not durable before {@link sync}. */
  async write(address: number, bytes: Uint8Array): Promise<void> {
    const number = this.#segmentOf(address);
    const file = this.#segment(number);
    this.#unsynced.add(number);
    const position = this.#position(address);
    await file.write(bytes, position);
    const zeros = this.#ahead(number, file, position, bytes.length);
    if (zeros === undefined) return;
    try {
      await file.write(zeros, position + bytes.length);
    } catch (error) {
      if (!isOutOfSpace(error)) throw error;
    }
  }

  /** The same on the caller's thread: for small writes, where handing over costs more than writing. */
  writeSync(address: number, bytes: Uint8Array): void {
    const number = this.#segmentOf(address);
    const file = this.#segment(number);
    this.#unsynced.add(number);
    const position = this.#position(address);
    file.writeSync(bytes, position);
    const zeros = this.#ahead(number, file, position, bytes.length);
    if (zeros === undefined) return;
    try {
      file.writeSync(zeros, position + bytes.length);
    } catch (error) {
      if (!isOutOfSpace(error)) throw error;
    }
  }

  /** What is to be written behind a write, so that the next ones find the file long enough. */
  #ahead(number: number, file: StoreFile, position: number, length: number): Uint8Array | undefined {
    const end = position + length;
    const size = this.#sizes.get(number) ?? file.size();
    const zeros = end > size ? zerosAhead(end, length, this.#segmentBytes) : undefined;
    this.#sizes.set(number, Math.max(size, end + (zeros?.length ?? 0)));
    return zeros;
  }

  /** Makes durable what was written before the call. */
  async sync(): Promise<void> {
    for (const number of [...this.#unsynced].toSorted((a, b) => a - b)) {
      this.#unsynced.delete(number);
      await this.#segment(number).sync();
    }
    await this.#syncFolder();
  }

  /** Makes durable whatever is in the segments from an address on: a process that died may have left it unsynced. */
  async syncFrom(address: number): Promise<void> {
    for (const number of this.numbers()) {
      if (number >= this.#segmentOf(address)) await this.#segment(number).sync();
    }
    await this.#files.syncFolder(this.#folder);
  }

  /** Whether {@link syncSync} would do: no new file's name is waiting. */
  get folderIsSynced(): boolean {
    return !this.#folderUnsynced;
  }

  syncSync(): void {
    for (const number of this.#unsynced) this.#segment(number).syncSync();
    this.#unsynced.clear();
  }

  /** Reads from an address; fewer bytes than asked at the end of a segment. A segment that isn't there reads as nothing. */
  async read(address: number, into: Uint8Array): Promise<number> {
    try {
      return await this.#segment(this.#segmentOf(address), true).read(into, this.#position(address));
    } catch (error) {
      if (isMissing(error)) return 0;
      throw StoreError.fromFile(`reading the log at byte ${address * unitBytes}`, error);
    }
  }

  /** The same at once, of what the operating system has in memory: see `StoreFile.readCached`. */
  readCached(address: number, into: Uint8Array): number {
    const file = this.#open.get(this.#segmentOf(address));
    return file === undefined ? 0 : file.readCached(into, this.#position(address));
  }

  /** The address behind the last byte on disk that isn't zero, rounded up to a whole unit; 0 when there is none. */
  end(): number {
    const last = this.numbers().at(-1);
    if (last === undefined) return 0;
    return Math.ceil((last * this.#segmentBytes + endOfContent(this.#segment(last))) / unitBytes);
  }

  /** Numbers of the segments that exist, ascending. */
  numbers(): number[] {
    return this.#files.list(this.#folder).flatMap((name) => {
      const match = segmentPattern.exec(name);
      return match?.[1] === undefined ? [] : [Number(match[1])];
    });
  }

  segmentBytes(number: number): number {
    return this.#segment(number).size();
  }

  /** Bytes of all segment files, without the space that was freed below an address. */
  bytes(begin: number): number {
    const first = this.#segmentOf(begin);
    const hole = this.numbers().includes(first) ? this.#position(this.#blockOf(begin)) : 0;
    return this.numbers().reduce((sum, number) => sum + this.#segment(number).size(), -hole);
  }

  /** Forgets all from an address on, durably. */
  async truncate(address: number): Promise<void> {
    const last = this.#segmentOf(address);
    for (const number of this.numbers()) {
      if (number > last) await this.#remove(number);
    }
    if (this.numbers().includes(last)) {
      const file = this.#segment(last);
      if (file.size() > this.#position(address)) file.truncate(this.#position(address));
      this.#sizes.delete(last);
      await file.sync();
    }
    await this.#files.syncFolder(this.#folder);
  }

  /** Takes back the room ahead of an address, behind which nothing was written. It does no harm if that gets lost. */
  trim(address: number): void {
    const number = this.#segmentOf(address);
    const file = this.#open.get(number);
    if (file === undefined || (this.#sizes.get(number) ?? 0) <= this.#position(address)) return;
    this.#sizes.delete(number);
    file.truncate(this.#position(address));
  }

  /**
   * Deletes the segments that lie wholly below an address, and frees the space of the blocks below it in its own; returns
   * the bytes that came free.
   */
  async deleteBelow(address: number): Promise<number> {
    let freed = 0;
    for (const number of this.numbers()) {
      if ((number + 1) * this.#segmentBytes > address * unitBytes) break;
      freed += this.#segment(number).size();
      await this.#remove(number);
    }
    if (freed > 0) await this.#files.syncFolder(this.#folder);
    return freed + this.#punchBelow(address);
  }

  #punchBelow(address: number): number {
    const number = this.#segmentOf(address);
    const start = Math.max((number * this.#segmentBytes) / unitBytes, this.#holeEnd);
    const end = this.#blockOf(address);
    if (end <= start || !this.numbers().includes(number)) return 0;
    this.#holeEnd = end;
    const bytes = (end - start) * unitBytes;
    return this.#segment(number).punch(this.#position(start), bytes) ? bytes : 0;
  }

  /** Where the block begins that an address lies in: its bytes are read and verified together. */
  #blockOf(address: number): number {
    return Math.floor((address * unitBytes) / this.#blockBytes) * (this.#blockBytes / unitBytes);
  }

  close(): void {
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
  }

  async #remove(number: number): Promise<void> {
    this.#open.get(number)?.close();
    this.#open.delete(number);
    this.#sizes.delete(number);
    this.#unsynced.delete(number);
    await this.#files.remove(this.#path(number));
  }

  async #syncFolder(): Promise<void> {
    if (!this.#folderUnsynced) return;
    this.#folderUnsynced = false;
    await this.#files.syncFolder(this.#folder);
  }

  #segment(number: number, mustExist = this.#readOnly): StoreFile {
    const known = this.#open.get(number);
    if (known !== undefined) return known;
    const path = this.#path(number);
    const file = this.#openSegment(path, mustExist);
    this.#open.set(number, file);
    return file;
  }

  #openSegment(path: string, mustExist: boolean): StoreFile {
    try {
      return this.#files.open(path, this.#readOnly ? "read" : "write");
    } catch (error) {
      if (mustExist || !isMissing(error)) throw error;
      this.#folderUnsynced = true;
      return this.#files.open(path, "create");
    }
  }

  #path(number: number): string {
    return join(this.#folder, segmentName(number));
  }

  #segmentOf(address: number): number {
    return Math.floor((address * unitBytes) / this.#segmentBytes);
  }

  #position(address: number): number {
    return (address * unitBytes) % this.#segmentBytes;
  }
}

/** The file of a segment. */
export function segmentName(number: number): string {
  return `log.${String(number).padStart(8, "0")}`;
}

/** Matches the names of segments; the group is the number. */
export const segmentPattern = /^log\.(\d{8,})$/;

export function isMissing(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "ENOENT";
}
