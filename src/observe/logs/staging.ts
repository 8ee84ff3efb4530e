import { randomBytes } from "node:crypto";
import { closeSync, fdatasyncSync, openSync, statSync, writeSync } from "node:fs";
import type { LineState } from "./frame.ts";

/** What is about to be read from a FIFO, and where it will go. */
export interface StagedChunk {
  /** Names the capture: see {@link Staging.begin}. */
  readonly identity: string;
  readonly state: LineState;
  /** The log's end before the chunk. */
  readonly position: number;
  readonly timeMs: number;
  readonly bytes: Buffer;
}

/**
 * The buffer that chunks are read into: a shared mapping of a file, so that a chunk which left its FIFO but did not reach
 * its log survives the `kill -9` of the kernel. Before each read the intent is noted beside it, with a random pattern at the
 * end of the place that the read will fill: the next kernel sees by the pattern whether the read took place, cuts the log
 * back to where it was, and writes the chunk again. So nothing is lost and nothing is there twice.
 *
 * A power loss needs none of this: it takes the FIFOs and their writers with it.
 */
export class Staging {
  /** Where chunks are read to. */
  readonly chunk: Buffer;
  /** False when the file could not be made, for want of space: then a chunk in flight does not survive the kernel. */
  readonly durable: boolean;
  readonly #head: Buffer;
  readonly #view: DataView;
  readonly #pattern = randomPattern();

  constructor(path: string) {
    const mapped = mapFile(path);
    const memory = mapped ?? new Uint8Array(fileBytes);
    this.durable = mapped !== undefined;
    this.#head = Buffer.from(memory.buffer, memory.byteOffset, headBytes);
    this.#view = new DataView(memory.buffer, memory.byteOffset, headBytes);
    this.chunk = Buffer.from(memory.buffer, memory.byteOffset + headBytes, chunkBytes);
  }

  /**
   * Notes that {@link chunk} will now be filled up to exactly `bytes`, by a read behind its first `kept` ones, which are in
   * their place. `identity` is {@link encodeIdentity}'s.
   */
  begin(identity: Buffer, state: LineState, position: number, timeMs: number, bytes: number, kept = 0): void {
    const patternStart = Math.max(kept, bytes - this.#pattern.length);
    this.chunk.set(this.#pattern.subarray(0, bytes - patternStart), patternStart);
    this.#head.set(this.#pattern, at.pattern);
    this.#head[at.state] = states.indexOf(state);
    this.#view.setUint16(at.kept, kept, true);
    this.#view.setUint32(at.bytes, bytes, true);
    this.#view.setFloat64(at.position, position, true);
    this.#view.setFloat64(at.time, timeMs, true);
    this.#head.set(identity, at.identity);
    this.#head[at.active] = 1;
  }

  /** The chunk is in its log, or was not read. */
  end(): void {
    this.#head[at.active] = 0;
  }

  /** The chunk that a former kernel read and did not finish. It stays until {@link end}. */
  interrupted(): StagedChunk | undefined {
    if (this.#head[at.active] !== 1) return undefined;
    const bytes = this.#view.getUint32(at.bytes, true);
    const state = states[this.#head[at.state] ?? 0];
    const length = this.#view.getUint16(at.identity, true);
    if (bytes < 1 || bytes > chunkBytes || state === undefined || length > maxIdentityBytes) return undefined;
    const pattern = this.#head.subarray(at.pattern, at.pattern + patternBytes);
    const kept = this.#view.getUint16(at.kept, true);
    const tail = this.chunk.subarray(Math.max(kept, bytes - patternBytes), bytes);
    if (tail.equals(pattern.subarray(0, tail.length))) return undefined;
    return {
      identity: this.#head.toString("utf8", at.identity + 2, at.identity + 2 + length),
      state,
      position: this.#view.getFloat64(at.position, true),
      timeMs: this.#view.getFloat64(at.time, true),
      bytes: Buffer.from(this.chunk.subarray(0, bytes)),
    };
  }
}

/** The form in which {@link Staging.begin} wants a name: prepared once, copied for each chunk. */
export function encodeIdentity(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > maxIdentityBytes) throw new RangeError(`an identity of ${bytes.length} bytes is too long`);
  const encoded = Buffer.alloc(2 + bytes.length);
  encoded.writeUInt16LE(bytes.length);
  encoded.set(bytes, 2);
  return encoded;
}

/** Read at once at most: large enough that system calls don't count, small enough to be handled within a millisecond. */
export const chunkBytes = 131_072;

const patternBytes = 16;
const headBytes = 4_096;
const fileBytes = headBytes + chunkBytes;
const at = { active: 0, state: 1, kept: 2, bytes: 4, position: 8, time: 16, pattern: 24, identity: 40 } as const;
const maxIdentityBytes = headBytes - at.identity - 2;
const states: readonly LineState[] = ["closed", "open", "unknown"];

/** Bytes that never occur in UTF-8, so that even one byte of text differs from its place in the pattern. */
function randomPattern(): Buffer {
  return Buffer.from(randomBytes(patternBytes).map((byte) => byte | 0xf8));
}

function mapFile(path: string): Uint8Array | undefined {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.size !== fileBytes) allocate(path);
    return Bun.mmap(path, { shared: true });
  } catch {
    return undefined;
  }
}

/** Written out and synced: storing to a mapping whose blocks don't exist yet would end the process when the disk is full. */
function allocate(path: string): void {
  const fd = openSync(path, "w", 0o600);
  try {
    const zeros = Buffer.alloc(fileBytes);
    for (let written = 0; written < fileBytes; ) written += writeSync(fd, zeros, written);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
