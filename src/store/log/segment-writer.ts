import type { FileSystem, StoreFile } from "../file/index.ts";
import type { Chunk } from "./append-buffer.ts";
import type { MetadataFile } from "./metadata-file.ts";
import type { Point } from "./metadata-format.ts";
import { segmentHeaderBytes } from "./segment-format.ts";
import { makeSegment, type Segments } from "./segments.ts";

/**
 * A file is made longer in steps of this, in bytes, before it is written to. A sync of a file whose length hasn't changed
 * needs no commit of the file system's own journal: small commits took 60 % of the time (ext4).
 */
const extensionBytes = 2 ** 20;

/** Writes to the last segment, and begins new ones. The caller sees to it that one call is over before the next begins. */
export class SegmentWriter {
  readonly #files: FileSystem;
  readonly #folder: string;
  readonly #segments: Segments;
  readonly #metadata: MetadataFile;
  readonly #segmentBytes: number;
  #file: StoreFile;
  #base: number;
  #size: number;
  #end: number;

  /** @param end file position behind the last entry of the last segment */
  constructor(
    files: FileSystem,
    folder: string,
    parts: { segments: Segments; metadata: MetadataFile; segmentBytes: number; tail: number },
  ) {
    this.#files = files;
    this.#folder = folder;
    this.#segments = parts.segments;
    this.#metadata = parts.metadata;
    this.#segmentBytes = parts.segmentBytes;
    this.#file = files.open(this.#segments.last.path, "write");
    this.#base = this.#segments.last.base;
    this.#size = this.#file.size();
    this.#end = this.#positionOf(parts.tail);
  }

  /** Writes a chunk at its place. Not durable yet. */
  writeSync(chunk: Chunk): void {
    this.#file.writeSync(chunk.block.bytes.subarray(0, chunk.used), this.#reserve([chunk]));
  }

  /** Writes consecutive chunks of the last segment at their place. Not durable yet. */
  async write(chunks: readonly Chunk[]): Promise<void> {
    const parts = chunks.map(({ block, used }) => block.bytes.subarray(0, used));
    await this.#file.writeParts(parts, this.#reserve(chunks));
  }

  syncSync(): void {
    this.#file.syncSync();
  }

  async sync(): Promise<void> {
    await this.#file.sync();
  }

  /** Begins a segment at a point before which everything is durable. Recovery will read from there. */
  async beginSegment(point: Point, iterators: ReadonlyMap<string, number>): Promise<void> {
    this.#file.truncate(this.#end);
    this.#file.close();
    const segment = await makeSegment(this.#files, this.#folder, {
      identity: this.#metadata.current.identity,
      base: point.address,
      firstSequence: point.sequence,
      previousBase: this.#base,
    });
    await this.#metadata.save({ durable: point, iterators });
    this.#file = this.#files.open(segment.path, "write");
    this.#segments.add(segment);
    this.#base = segment.base;
    this.#size = segment.size;
    this.#end = segment.size;
  }

  /** Takes away the space that was made ahead, for good. */
  async trim(): Promise<void> {
    this.#file.truncate(this.#end);
    await this.#file.sync();
  }

  close(): void {
    this.#file.close();
  }

  /** The position of the chunks in the file, which is long enough from now on. */
  #reserve(chunks: readonly Chunk[]): number {
    const position = this.#positionOf(chunks[0]?.start.address ?? this.#base);
    const end = chunks.reduce((sum, { used }) => sum + used, position);
    if (end > this.#size) {
      const ahead = Math.ceil((end + 1) / extensionBytes) * extensionBytes;
      this.#size = Math.max(end, Math.min(ahead, this.#segmentBytes));
      this.#file.truncate(this.#size);
    }
    this.#end = end;
    return position;
  }

  #positionOf(address: number): number {
    return segmentHeaderBytes + address - this.#base;
  }
}
