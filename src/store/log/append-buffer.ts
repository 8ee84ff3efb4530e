import { type Block, entryBytes, flags, makeBlock, writeEntry } from "./entry-format.ts";
import type { Point } from "./metadata-format.ts";

/** Entries that lie one behind the other in memory and go to disk together. */
export interface Chunk {
  readonly block: Block;
  /** Where its first entry begins. */
  start: Point;
  used: number;
  /** It is the first of a new segment. */
  startsSegment: boolean;
}

/** Memory is taken in pieces of this size, or of a quarter of the buffer when that is less, in bytes. */
const chunkBytes = 2 ** 20;

/** The share of the capacity that is kept for use again while nothing is held: new memory costs as much as a write. */
const keptShare = 1 / 2;

/**
 * Gives entries their addresses and keeps them until they are written. What was taken for writing is never written to
 * until it is given back, so an entry on its way to disk can't change or be overwritten.
 */
export class AppendBuffer {
  readonly #identity: number;
  readonly #capacityBytes: number;
  readonly #segmentSpace: number;
  readonly #chunkBytes: number;
  readonly #sparesKept: number;
  #spares: Chunk[] = [];
  #full: Chunk[] = [];
  #active: Chunk;
  #address: number;
  #sequence: number;
  #segmentEnd: number;
  #heldBytes = 0;

  /**
   * @param tail where the next entry goes
   * @param segmentBase that of the segment the tail lies in
   * @param segmentSpace how many bytes of entries a segment holds
   */
  constructor(
    identity: number,
    capacityBytes: number,
    { tail, segmentBase, segmentSpace }: { tail: Point; segmentBase: number; segmentSpace: number },
  ) {
    this.#identity = identity;
    this.#capacityBytes = capacityBytes;
    this.#segmentSpace = segmentSpace;
    this.#chunkBytes = Math.min(chunkBytes, Math.floor(capacityBytes / 16) * 4);
    this.#sparesKept = Math.max(1, Math.floor((capacityBytes * keptShare) / this.#chunkBytes));
    this.#address = tail.address;
    this.#sequence = tail.sequence;
    this.#segmentEnd = segmentBase + segmentSpace;
    this.#active = this.#makeChunk(0);
  }

  /** Where the next entry goes. */
  get tail(): Point {
    return { address: this.#address, sequence: this.#sequence };
  }

  get tailAddress(): number {
    return this.#address;
  }

  get nextSequence(): number {
    return this.#sequence;
  }

  /** Bytes of memory that hold entries not yet durable. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get isEmpty(): boolean {
    return this.#active.used === 0 && this.#full.length === 0;
  }

  /** Whether so many more bytes may be held. */
  hasRoom(bytes: number): boolean {
    return this.#heldBytes + bytes <= this.#capacityBytes;
  }

  /** Appends an entry of `total` bytes with its header. Returns its address. */
  append(payload: Uint8Array, total: number, durable: number): number {
    if (this.#address + total > this.#segmentEnd) this.#beginSegment();
    return this.#put(payload, total, 0, durable);
  }

  /** Appends entries that count all or not at all. Returns the address of the first. */
  appendBatch(payloads: readonly Uint8Array[], total: number, durable: number): number {
    if (this.#address + total > this.#segmentEnd) this.#beginSegment();
    const address = this.#address;
    const last = payloads.length - 1;
    payloads.forEach((payload, index) => {
      this.#put(payload, entryBytes(payload.length), index < last ? flags.more : 0, durable);
    });
    return address;
  }

  /** Appends an entry that is no user's; it may exceed the capacity. */
  appendControl(payload: Uint8Array, durable: number): void {
    const total = entryBytes(payload.length);
    if (this.#address + total > this.#segmentEnd) this.#beginSegment();
    this.#put(payload, total, flags.control, durable);
    this.#sequence--;
  }

  /** Everything that is held and not taken yet. */
  take(): Chunk[] {
    this.#closeChunk(0);
    const taken = this.#full;
    this.#full = [];
    return taken;
  }

  /** What was taken is durable: its memory is used again. */
  giveBack(chunks: readonly Chunk[]): void {
    for (const chunk of chunks) {
      this.#heldBytes -= chunk.used;
      if (this.#spares.length < this.#sparesKept && chunk.block.bytes.length === this.#chunkBytes)
        this.#spares.push(chunk);
    }
  }

  #put(payload: Uint8Array, total: number, entryFlags: number, durable: number): number {
    if (this.#active.used + total > this.#active.block.bytes.length) this.#closeChunk(total);
    const chunk = this.#active;
    const address = this.#address;
    writeEntry(chunk.block, chunk.used, payload, address, this.#sequence, entryFlags, durable, this.#identity);
    chunk.used += total;
    this.#heldBytes += total;
    this.#address = address + total;
    this.#sequence++;
    return address;
  }

  #beginSegment(): void {
    this.#closeChunk(0);
    this.#active.startsSegment = true;
    this.#segmentEnd = this.#address + this.#segmentSpace;
  }

  #closeChunk(needed: number): void {
    const { used, startsSegment } = this.#active;
    if (used > 0) this.#full.push(this.#active);
    else if (needed <= this.#active.block.bytes.length) return;
    this.#active = this.#makeChunk(needed);
    if (used === 0) this.#active.startsSegment = startsSegment;
  }

  #makeChunk(needed: number): Chunk {
    const spare = needed <= this.#chunkBytes ? this.#spares.pop() : undefined;
    const chunk = spare ?? {
      block: makeBlock(Math.max(needed, this.#chunkBytes)),
      start: this.tail,
      used: 0,
      startsSegment: false,
    };
    chunk.start = this.tail;
    chunk.used = 0;
    chunk.startsSegment = false;
    return chunk;
  }
}
