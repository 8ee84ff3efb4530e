import { zstdDecompress } from "node:zlib";
import { maxKeyBytes, maxValueBytes } from "../core/check-mutations.ts";
import { type Space, spaceCodes, spaceOf } from "../core/space.ts";
import type { StateEntry } from "../core/types.ts";
import { damaged } from "./header.ts";

/**
 * A body is blocks. Each: kind (1 byte), zeros (3), stored length, raw length, items (4 each), XXH3-64 of these 16 bytes and
 * the payload (8), then the payload: one zstd frame. An entry in a raw block: code of its space (1), length of the key (2) and
 * of the value (4), version (float64), key (UTF-8), value.
 */
export const blockKinds = { entries: 1, files: 2 } as const;
export type BlockKind = (typeof blockKinds)[keyof typeof blockKinds];

export const blockHeadBytes = 24;
const checksumAt = 16;
/** A block is closed when it has so much: a turn of the event loop goes by while it is made, which takes some 2 ms. */
const fullBytes = 256 * 2 ** 10;
const fullItems = 2_000;
const entryHeadBytes = 15;
/** The largest entry goes into an empty block. */
const maxRawBytes = fullBytes + entryHeadBytes + maxKeyBytes + maxValueBytes;
/** What zstd may make of something that can't be compressed. */
const maxStoredBytes = maxRawBytes + 65_536;

export interface RawBlock {
  readonly kind: BlockKind;
  readonly bytes: Uint8Array;
  readonly items: number;
}

export interface BlockHead {
  readonly kind: BlockKind;
  readonly storedBytes: number;
  readonly rawBytes: number;
  readonly items: number;
  readonly checksum: bigint;
}

/** Blocks that are compressed at the same time, by threads of the pool. */
export const blocksAtOnce = 4;

/** Puts entries into raw blocks. */
export class EntryBlock {
  /** Used in turn: new ones would keep the garbage collector busy. One is filled while the others are compressed. */
  readonly #buffers: Buffer<ArrayBuffer>[] = [];
  #turn = 0;
  #buffer = Buffer.allocUnsafeSlow(fullBytes + 65_536);
  #at = 0;
  #items = 0;

  get isFull(): boolean {
    return this.#at >= fullBytes || this.#items >= fullItems;
  }

  /** Of keys and values. */
  get size(): number {
    return this.#at - this.#items * entryHeadBytes;
  }

  get isEmpty(): boolean {
    return this.#items === 0;
  }

  add({ space, key, value, version }: StateEntry): void {
    this.#room(entryHeadBytes + key.length * 3 + value.length);
    const keyAt = this.#at + entryHeadBytes;
    const keyBytes = this.#buffer.write(key, keyAt);
    this.#buffer[this.#at] = spaceCodes[space];
    this.#buffer.writeUInt16LE(keyBytes, this.#at + 1);
    this.#buffer.writeUInt32LE(value.length, this.#at + 3);
    this.#buffer.writeDoubleLE(version, this.#at + 7);
    this.#buffer.set(value, keyAt + keyBytes);
    this.#at = keyAt + keyBytes + value.length;
    this.#items++;
  }

  /** What has gathered. Its memory is good until `blocksAtOnce` more blocks were taken. */
  take(): RawBlock {
    const block = { kind: blockKinds.entries, bytes: this.#buffer.subarray(0, this.#at), items: this.#items };
    this.#buffers[this.#turn] = this.#buffer;
    this.#turn = (this.#turn + 1) % (blocksAtOnce + 1);
    this.#buffer = this.#buffers[this.#turn] ?? Buffer.allocUnsafeSlow(fullBytes + 65_536);
    this.#at = 0;
    this.#items = 0;
    return block;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(this.#at + bytes);
    larger.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = larger;
  }
}

export interface StoredBlock {
  readonly head: Buffer;
  readonly payload: Uint8Array;
}

/** Level 1: half a gigabyte a second, twice as fast as level 3 for a tenth more bytes. Compressed by a thread of the pool. */
export async function packBlock({ kind, bytes, items }: RawBlock): Promise<StoredBlock> {
  const payload = await Bun.zstdCompress(bytes, { level: 1 });
  const head = Buffer.alloc(blockHeadBytes);
  head[0] = kind;
  head.writeUInt32LE(payload.length, 4);
  head.writeUInt32LE(bytes.length, 8);
  head.writeUInt32LE(items, 12);
  head.writeBigUInt64LE(checksumOf(head, payload), checksumAt);
  return { head, payload };
}

/** @throws SoloError `storage_corrupt` */
export function readBlockHead(head: Buffer): BlockHead {
  const kind = Object.values(blockKinds).find((one) => one === head[0]);
  const [storedBytes, rawBytes] = [head.readUInt32LE(4), head.readUInt32LE(8)];
  if (kind === undefined || storedBytes > maxStoredBytes || rawBytes > maxRawBytes) {
    throw damaged("a block's head says nothing that makes sense");
  }
  return { kind, storedBytes, rawBytes, items: head.readUInt32LE(12), checksum: head.readBigUInt64LE(checksumAt) };
}

/** @throws SoloError `storage_corrupt` */
export async function unpackBlock(head: Buffer, payload: Uint8Array): Promise<RawBlock> {
  const { kind, rawBytes, items, checksum } = readBlockHead(head);
  if (checksumOf(head, payload) !== checksum) throw damaged("a block's checksum is wrong");
  const bytes = await decompress(payload, rawBytes);
  if (bytes.length !== rawBytes) throw damaged("a block has another length than its head says");
  return { kind, bytes, items };
}

/** @throws SoloError `storage_corrupt` for what no writer of entries makes */
export function* entriesOf({ bytes, items }: RawBlock): Generator<StateEntry> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (let item = 0; item < items; item++) {
    if (at + entryHeadBytes > buffer.length) throw damaged("an entry is cut off");
    const space: Space | undefined = spaceOf(buffer[at] ?? 0xff);
    const keyAt = at + entryHeadBytes;
    const valueAt = keyAt + buffer.readUInt16LE(at + 1);
    const end = valueAt + buffer.readUInt32LE(at + 3);
    if (space === undefined || end > buffer.length) throw damaged("an entry says nothing that makes sense");
    // A copy: the block that it lies in is a thousand times as large as most values.
    const value = bytes.slice(valueAt, end);
    yield { space, key: buffer.toString("utf8", keyAt, valueAt), value, version: buffer.readDoubleLE(at + 7) };
    at = end;
  }
  if (at !== buffer.length) throw damaged("there are bytes behind a block's last entry");
}

function checksumOf(head: Buffer, payload: Uint8Array): bigint {
  return Bun.hash.xxHash3(payload, Bun.hash.xxHash3(head.subarray(0, checksumAt)));
}

/** Never more than the head says: a file from elsewhere could hold a kilobyte that becomes a gigabyte. */
function decompress(payload: Uint8Array, rawBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Into one piece: many small ones would take five times as long.
    const maxOutputLength = Math.max(64, rawBytes);
    zstdDecompress(payload, { maxOutputLength, chunkSize: maxOutputLength }, (error, bytes) => {
      if (error === null) resolve(bytes);
      else reject(damaged(`a block can't be decompressed: ${error.message}`));
    });
  });
}
