import { checksum32 } from "../file/index.ts";

/**
 * An entry on disk, little-endian, starting at an address that is a multiple of 4:
 *
 * | at | bytes | |
 * |---|---|---|
 * | 0 | 4 | checksum: XXH32 of all that follows, padding included, seeded with {@link entrySeed} |
 * | 4 | 4 | length of the payload |
 * | 8 | 6 | sequence: 1 for the first entry of the log, and one more for each. A control entry bears that of the next entry |
 * | 14 | 2 | flags |
 * | 16 | 4 | how many bytes before this address the log's durable end was when the entry was appended; all ones: unknown |
 * | 20 | | payload, then zeros up to a multiple of 4 |
 *
 * Where no entry was written, there are zeros: no entry's header is all zero, because sequences start at 1.
 */
export const entryHeaderBytes = 20;

export const flags = {
  /** More entries of the same batch follow: all of them count, or none. */
  more: 1,
  /** Not a user's: holds the positions of the named iterators. */
  control: 2,
} as const;

const unknownDistance = 0xffffffff;
export const largestSequence = 2 ** 48 - 1;

export function entryBytes(payloadBytes: number): number {
  return entryHeaderBytes + ((payloadBytes + 3) & ~3);
}

/** Bytes seen in two ways. Offsets into it are multiples of 4. */
export interface Block {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

/** @param size a multiple of 4 */
export function makeBlock(size: number): Block {
  const bytes = new Uint8Array(size);
  return { bytes, words: new Uint32Array(bytes.buffer) };
}

/** The same entry at another place, or in another log, has another checksum: a misplaced block doesn't pass for the right one. */
function entrySeed(identity: number, address: number): number {
  return (identity ^ (address >>> 0) ^ Math.floor(address / 2 ** 32)) >>> 0;
}

export interface EntryFields {
  readonly address: number;
  readonly sequence: number;
  readonly flags: number;
  /** The durable end of the log, at or before `address`. */
  readonly durable: number;
}

/** Writes an entry into a block that has room for it. Returns the bytes it takes. */
export function writeEntry(
  { bytes, words }: Block,
  offset: number,
  payload: Uint8Array,
  address: number,
  sequence: number,
  entryFlags: number,
  durable: number,
  identity: number,
): number {
  const length = payload.length;
  const total = entryBytes(length);
  const word = offset >>> 2;
  // Clears the padding before the payload covers all of it but that.
  words[word + (total >>> 2) - 1] = 0;
  words[word + 1] = length;
  words[word + 2] = sequence >>> 0;
  words[word + 3] = Math.floor(sequence / 2 ** 32) | (entryFlags << 16);
  words[word + 4] = Math.min(address - durable, unknownDistance);
  bytes.set(payload, offset + entryHeaderBytes);
  words[word] = checksum32(bytes, words, offset + 4, total - 4, entrySeed(identity, address));
  return total;
}

/** What {@link checkEntry} answers in place of an entry's size. */
export const verdict = {
  /** Nothing was ever written here. */
  blank: 0,
  /** The entry, if it is one, goes on behind the bytes at hand. */
  incomplete: -1,
  damaged: -2,
} as const;

/**
 * Checks the entry at an offset. Returns the bytes it takes when it is whole, else one of {@link verdict}. The sequence
 * isn't judged here.
 * @param available bytes of the block that may be looked at from `offset` on
 */
export function checkEntry(
  { bytes, words }: Block,
  offset: number,
  available: number,
  address: number,
  identity: number,
): number {
  if (available < entryHeaderBytes) return verdict.incomplete;
  const word = offset >>> 2;
  const length = words[word + 1] ?? 0;
  if (length === 0 && isBlank(words, word)) return verdict.blank;
  const total = entryHeaderBytes + Math.ceil(length / 4) * 4;
  if (total > available) return verdict.incomplete;
  const sum = checksum32(bytes, words, offset + 4, total - 4, entrySeed(identity, address));
  return sum === words[word] ? total : verdict.damaged;
}

function isBlank(words: Uint32Array, word: number): boolean {
  return words[word] === 0 && words[word + 2] === 0 && words[word + 3] === 0 && words[word + 4] === 0;
}

export function lengthAt({ words }: Block, offset: number): number {
  return words[(offset >>> 2) + 1] ?? 0;
}

export function sequenceAt({ words }: Block, offset: number): number {
  return (words[(offset >>> 2) + 2] ?? 0) + ((words[(offset >>> 2) + 3] ?? 0) & 0xffff) * 2 ** 32;
}

export function flagsAt({ words }: Block, offset: number): number {
  return (words[(offset >>> 2) + 3] ?? 0) >>> 16;
}

/** Up to where the log was durable when this entry was appended, as far as the entry tells. */
export function durableAt({ words }: Block, offset: number, address: number): number {
  const distance = words[(offset >>> 2) + 4] ?? unknownDistance;
  return distance === unknownDistance ? 0 : Math.max(0, address - distance);
}

/** The payload, in the memory of the block. */
export function payloadAt(block: Block, offset: number): Uint8Array {
  const start = offset + entryHeaderBytes;
  return block.bytes.subarray(start, start + lengthAt(block, offset));
}
