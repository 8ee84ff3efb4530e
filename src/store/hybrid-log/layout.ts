/**
 * How a record lies in the log. All numbers are little-endian 32-bit words; a record starts at a multiple of 8 bytes.
 *
 * | word | holds |
 * |---|---|
 * | 0 | low 32 bits of the address of the previous record in the same chain; 0 with word 1 when there is none |
 * | 1 | bits 0–15: high bits of that address · 16–23: kind · 24: tombstone |
 * | 2 | version of the store that wrote the record last |
 * | 3 | hash of the key |
 * | 4 | bits 0–15: length of the key in bytes · 16: the key is an integer |
 * | 5 | length of the value in bytes |
 * | 6 | size of the whole record in units of 8 bytes, which is also the capacity for longer values in its place |
 * | 7… | the key in whole words, then the value |
 *
 * An **address** counts units of 8 bytes from the beginning of the log, for ever: 45 bits of it are 48 bits of bytes, and
 * up to 16 GiB it is a small integer, which is what keeps the hot path free of floating point.
 */
export const unitBytes = 8;

export const headerWords = 7;
export const headerBytes = headerWords * 4;

export const previousLow = 0;
export const previousHigh = 1;
export const versionWord = 2;
export const hashWord = 3;
export const keyWordAt = 4;
export const valueLengthWord = 5;
export const sizeWord = 6;

export const tombstone = 1 << 24;

export const kindData = 1 << 16;
/** Fills the end of a page that the next record didn't fit into. */
export const kindFiller = 2 << 16;
export const kindCommit = 3 << 16;
export const kindMask = 0xff << 16;

/** Units that a record needs. */
export function recordUnits(keyWords: number, valueBytes: number): number {
  return (headerBytes + keyWords * 4 + valueBytes + 7) >>> 3;
}

/** The address in words 0 and 1 of a record, or in the two words of an index entry. */
export function joinAddress(low: number, high: number): number {
  const upper = high & 0xffff;
  // Small addresses stay small integers.
  return upper === 0 && low >= 0 ? low : upper * 2 ** 32 + (low >>> 0);
}

export function addressLow(address: number): number {
  return address | 0;
}

export function addressHigh(address: number): number {
  return address < 2 ** 32 ? 0 : Math.floor(address / 2 ** 32) & 0xffff;
}
