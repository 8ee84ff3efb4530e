import { headerBytes, maxFrameBytes } from "./limits.ts";

/**
 * A message that is longer than a frame goes as chunks: maps `{ type: "chunk", id, index, last, data }`, whose `data`, joined
 * in order, is the message's MessagePack. Whole messages may come between the chunks, other chunked ones may not.
 */

/** What a chunk's frame holds beside its data, at most. */
const chunkHeadBytes = 47;

/** One frame around a payload that fits. */
export function toFrame(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(headerBytes + payload.length);
  new DataView(frame.buffer).setUint32(0, payload.length);
  frame.set(payload, headerBytes);
  return frame;
}

export interface ChunkOptions {
  /** Tells this message's chunks from those of another one: a number that the last 2³² messages of the sender did not have. */
  readonly id: number;
  /** Longest payload of a frame. Default: what a frame may hold. */
  readonly frameBytes?: number;
}

/** The frames of one message, given as parts of its MessagePack: one if it fits, chunks otherwise. */
export function* toFrames(message: readonly Uint8Array[], options: ChunkOptions): Generator<Uint8Array> {
  const { id, frameBytes = maxFrameBytes } = options;
  const total = message.reduce((sum, part) => sum + part.length, 0);
  const cursor = new Cursor(message);
  if (total <= frameBytes) {
    const frame = new Uint8Array(headerBytes + total);
    new DataView(frame.buffer).setUint32(0, total);
    cursor.fill(frame.subarray(headerBytes));
    yield frame;
    return;
  }
  const perChunk = frameBytes - chunkHeadBytes;
  for (let at = 0, index = 0; at < total; at += perChunk, index += 1) {
    const length = Math.min(perChunk, total - at);
    yield chunkFrame(id, index, at + length === total, length, cursor);
  }
}

/** Takes bytes from a list of parts, in order. */
class Cursor {
  readonly #parts: readonly Uint8Array[];
  #part = 0;
  #at = 0;

  constructor(parts: readonly Uint8Array[]) {
    this.#parts = parts;
  }

  fill(target: Uint8Array): void {
    for (let filled = 0; filled < target.length; ) {
      const part = this.#parts[this.#part];
      if (part === undefined) throw new RangeError("there are fewer bytes than were counted");
      const taken = part.subarray(this.#at, this.#at + target.length - filled);
      target.set(taken, filled);
      filled += taken.length;
      this.#at += taken.length;
      if (this.#at === part.length) {
        this.#part += 1;
        this.#at = 0;
      }
    }
  }
}

function chunkFrame(id: number, index: number, last: boolean, length: number, cursor: Cursor): Uint8Array {
  const frame = new Uint8Array(headerBytes + chunkHeadBytes + length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, frame.length - headerBytes);
  frame.set(beforeId, headerBytes);
  let at = headerBytes + beforeId.length;
  view.setUint32(at, id);
  frame.set(beforeIndex, at + 4);
  at += 4 + beforeIndex.length;
  view.setUint32(at, index);
  frame.set(beforeLast, at + 4);
  at += 4 + beforeLast.length;
  frame[at] = last ? 0xc3 : 0xc2;
  frame.set(beforeData, at + 1);
  at += 1 + beforeData.length;
  view.setUint32(at, length);
  cursor.fill(frame.subarray(at + 4));
  return frame;
}

/** The map's fixed bytes: a fixmap of five; str keys; uint32 and bin32 as the values' forms. */
const encoder = new TextEncoder();
const text = (value: string) => [0xa0 + value.length, ...encoder.encode(value)];
const beforeId = Uint8Array.from([0x85, ...text("type"), ...text("chunk"), ...text("id"), 0xce]);
const beforeIndex = Uint8Array.from([...text("index"), 0xce]);
const beforeLast = Uint8Array.from(text("last"));
const beforeData = Uint8Array.from([...text("data"), 0xc6]);
