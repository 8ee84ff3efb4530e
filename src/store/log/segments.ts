import { join } from "node:path";
import { StoreError } from "../error.ts";
import type { FileSystem } from "../file/index.ts";
import {
  baseInName,
  decodeSegmentHeader,
  encodeSegmentHeader,
  type SegmentHeader,
  segmentHeaderBytes,
  segmentName,
} from "./segment-format.ts";

/** A segment's file as it lies in the folder. */
export interface SegmentFile {
  readonly path: string;
  readonly base: number;
  readonly size: number;
  /** `undefined` when it isn't whole, or belongs to another place or log. */
  readonly header: SegmentHeader | undefined;
}

/** All segment files of a folder, in the order of their addresses. Changes nothing. */
export function listSegments(files: FileSystem, folder: string, identity: number): SegmentFile[] {
  return files
    .list(folder)
    .flatMap((name) => baseInName(name) ?? [])
    .flatMap((base) => readSegment(files, join(folder, segmentName(base)), base, identity) ?? [])
    .toSorted((a, b) => a.base - b.base);
}

/** `undefined` when it has just been removed by the log's owner. */
function readSegment(files: FileSystem, path: string, base: number, identity: number): SegmentFile | undefined {
  try {
    const file = files.open(path, "read");
    try {
      const bytes = new Uint8Array(segmentHeaderBytes);
      const count = file.readSync(bytes, 0);
      const header = decodeSegmentHeader(bytes.subarray(0, count), path);
      const fits = header !== undefined && header.base === base && header.identity === identity;
      return { path, base, size: file.size(), header: fits ? header : undefined };
    } finally {
      file.close();
    }
  } catch (error) {
    const failure = StoreError.fromFile(`reading ${path}`, error);
    if (failure.code === "not_found") return undefined;
    throw failure;
  }
}

/** Makes an empty segment that is durable when the promise resolves. What a crash left under its name is overwritten. */
export async function makeSegment(files: FileSystem, folder: string, header: SegmentHeader): Promise<SegmentFile> {
  const path = join(folder, segmentName(header.base));
  const file = files.open(path, "ensure");
  try {
    file.truncate(0);
    await file.write(encodeSegmentHeader(header), 0);
    await file.sync();
  } finally {
    file.close();
  }
  await files.syncFolder(folder);
  return { path, base: header.base, size: segmentHeaderBytes, header };
}

/** The segments of an open log, in order. There is always at least one: the last, which is written to. */
export class Segments {
  readonly #files: FileSystem;
  #list: readonly SegmentFile[];

  constructor(files: FileSystem, list: readonly SegmentFile[]) {
    this.#files = files;
    this.#list = list;
  }

  get all(): readonly SegmentFile[] {
    return this.#list;
  }

  get last(): SegmentFile {
    const last = this.#list.at(-1);
    if (last === undefined) throw new Error("a log without a segment");
    return last;
  }

  add(segment: SegmentFile): void {
    this.#list = [...this.#list, segment];
  }

  /** The segment that holds an address, and the base of the next one, which is where it ends. */
  at(address: number): { readonly segment: SegmentFile; readonly end: number } | undefined {
    const index = this.#list.findLastIndex(({ base }) => base <= address);
    const segment = this.#list[index];
    return segment && { segment, end: this.#list[index + 1]?.base ?? Number.POSITIVE_INFINITY };
  }

  /** Segments all of whose addresses lie before this one; never the last. */
  before(address: number): readonly SegmentFile[] {
    return this.#list.filter((_, index) => (this.#list[index + 1]?.base ?? Number.POSITIVE_INFINITY) <= address);
  }

  /** Bytes on disk of those. */
  spaceBefore(address: number): number {
    return this.before(address).reduce((sum, { base }, index) => {
      return sum + segmentHeaderBytes + (this.#list[index + 1]?.base ?? base) - base;
    }, 0);
  }

  /** Deletes their files. Whoever reads one of them at the moment goes on doing so. */
  async removeBefore(address: number): Promise<void> {
    const gone = this.before(address);
    this.#list = this.#list.filter((segment) => !gone.includes(segment));
    for (const { path } of gone) await this.#files.remove(path);
  }
}
