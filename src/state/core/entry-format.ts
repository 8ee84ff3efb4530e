import { SoloError } from "../../api/error.ts";
import { type Space, spaceCodes, spaceOf } from "./space.ts";
import type { LogRecord, Mutation } from "./types.ts";

/**
 * An entry of a state's log, little-endian: kind (1 byte), position and time (float64), length of the origin (varint) and
 * origin (UTF-8), number of mutations (varint), then for each: space, with bit 7 set for a delete (1), length of the key
 * (varint) and key (UTF-8), and for a put length of the value (varint) and value. See docs/state.md.
 */
export const entryKinds = {
  /** Takes effect by itself. */
  whole: 1,
  /** Of an entry that is longer than one of the log may be; it takes effect with the `last` of the same position. */
  part: 2,
  last: 3,
  /** The state was opened: positions up to this one are taken, since ones that a crash lost may have been seen. */
  opened: 4,
  /** The state was closed in order: every position that was given out is in the log. */
  closed: 5,
} as const;
export type EntryKind = (typeof entryKinds)[keyof typeof entryKinds];

export interface DecodedEntry extends LogRecord {
  readonly kind: EntryKind;
}

const deleteBit = 0x80;
const positionAt = 1;
const timeAt = 9;
const originAt = 17;

/** Encodes entries into memory that it uses again: what it returns is good until the next call. */
export class EntryEncoder {
  #buffer = Buffer.allocUnsafe(65_536);
  #at = 0;

  encode(kind: EntryKind, { position, time, origin, mutations }: LogRecord): Uint8Array {
    this.#at = 0;
    this.#room(originAt);
    this.#buffer[0] = kind;
    this.#buffer.writeDoubleLE(position, positionAt);
    this.#buffer.writeDoubleLE(time, timeAt);
    this.#at = originAt;
    this.#text(origin);
    this.#room(5);
    this.#varint(mutations.length);
    for (const mutation of mutations) this.#mutation(mutation);
    return this.#buffer.subarray(0, this.#at);
  }

  #mutation(mutation: Mutation): void {
    const code = spaceCodes[mutation.space];
    this.#room(1);
    this.#buffer[this.#at++] = mutation.op === "put" ? code : code | deleteBit;
    this.#text(mutation.key);
    if (mutation.op === "delete") return;
    const { value } = mutation;
    this.#room(5 + value.length);
    this.#varint(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
  }

  #text(text: string): void {
    // A unit takes three bytes at most; one length byte is enough for nearly all.
    const most = text.length * 3;
    this.#room(5 + most);
    if (most < 128) {
      const length = this.#buffer.write(text, this.#at + 1);
      this.#buffer[this.#at] = length;
      this.#at += 1 + length;
      return;
    }
    this.#varint(Buffer.byteLength(text));
    this.#at += this.#buffer.write(text, this.#at);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#buffer[this.#at++] = (rest % 128) | 0x80;
    this.#buffer[this.#at++] = rest;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytes));
    larger.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = larger;
  }
}

/** @throws SoloError `storage_corrupt`; the log's checksum held, so this is the entry of something else */
export function decodeEntry(payload: Uint8Array): DecodedEntry {
  return new EntryDecoder().decode(payload);
}

/** Decodes entries, one after another. */
export class EntryDecoder {
  #payload: Uint8Array = new Uint8Array(0);
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Most entries have the origin of the one before. */
  #lastOrigin = "";
  #lastOriginBytes: Uint8Array = new Uint8Array(0);

  /** @throws as {@link decodeEntry} does */
  decode(payload: Uint8Array): DecodedEntry {
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
    this.#payload = payload;
    this.#bytes = bytes;
    this.#at = originAt;
    const kind = bytes.length < originAt + 2 ? undefined : kindOf(bytes[0]);
    if (kind === undefined) throw malformed("it is no entry of a state");
    const position = bytes.readDoubleLE(positionAt);
    const time = bytes.readDoubleLE(timeAt);
    const origin = this.#origin();
    const mutations: Mutation[] = [];
    for (let left = this.#varint(); left > 0; left--) mutations.push(this.#mutation());
    if (this.#at !== bytes.length) throw malformed("there are bytes behind its end");
    return { kind, position, time, origin, mutations };
  }

  #origin(): string {
    const length = this.#varint();
    const start = this.#take(length);
    const last = this.#lastOriginBytes;
    let same = last.length === length ? 0 : -1;
    while (same >= 0 && same < length) same = last[same] === this.#payload[start + same] ? same + 1 : -1;
    if (same < 0) {
      this.#lastOriginBytes = this.#payload.slice(start, start + length);
      this.#lastOrigin = this.#bytes.toString("utf8", start, start + length);
    }
    return this.#lastOrigin;
  }

  #mutation(): Mutation {
    const code = this.#bytes[this.#at++] ?? 0xff;
    const space: Space | undefined = spaceOf(code & ~deleteBit);
    if (space === undefined) throw malformed(`space ${code & ~deleteBit} is unknown`);
    const key = this.#text();
    if ((code & deleteBit) !== 0) return { op: "delete", space, key };
    const length = this.#varint();
    const start = this.#take(length);
    // A copy: the page of the log that it lies in is a thousand times as large as most values.
    return { op: "put", space, key, value: this.#payload.slice(start, start + length) };
  }

  #text(): string {
    const length = this.#varint();
    const start = this.#take(length);
    return this.#bytes.toString("utf8", start, start + length);
  }

  #take(length: number): number {
    const start = this.#at;
    if (start + length > this.#bytes.length) throw malformed("it is cut off");
    this.#at = start + length;
    return start;
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 28; factor *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw malformed("it is cut off");
      value += (byte & 0x7f) * factor;
      if (byte < 128) return value;
    }
    throw malformed("a length has more than five bytes");
  }
}

function kindOf(byte: number | undefined): EntryKind | undefined {
  return kinds[(byte ?? 0) - 1];
}

const kinds: readonly EntryKind[] = Object.values(entryKinds);

function malformed(problem: string): SoloError {
  return new SoloError("storage_corrupt", `an entry of the state's log can't be read: ${problem}`, {
    hint: "was it written by a later version of Solo? Otherwise restore the newest checkpoint",
  });
}
