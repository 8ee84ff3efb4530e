import { expect, test } from "bun:test";
import { checksum32, checksum64 } from "../../../../src/store/file/index.ts";

const bytes = new Uint8Array(8192).map((_, index) => (index * 31 + (index >> 5)) & 0xff);
const words = new Uint32Array(bytes.buffer);

test("checksum32 is XXH32 for every length around its steps, and where the native one takes over", () => {
  for (const length of [...Array(70).keys(), 255, 256, 1_000, 1_023, 1_024, 1_025, 4_096]) {
    for (const offset of [0, 4, 64, 1_000]) {
      for (const seed of [0, 1, 0xfedcba98]) {
        const native = Bun.hash.xxHash32(bytes.subarray(offset, offset + length), seed);
        expect([length, offset, seed, checksum32(bytes, words, offset, length, seed)]).toEqual([
          length,
          offset,
          seed,
          native,
        ]);
      }
    }
  }
});

test("checksum32 of the specification's empty input", () => {
  expect(checksum32(bytes, words, 0, 0)).toBe(0x02cc5d05);
});

test("checksum64 gives both halves of XXH3-64", () => {
  const { high, low } = checksum64(bytes);
  expect((BigInt(high) << 32n) | BigInt(low)).toBe(Bun.hash.xxHash3(bytes));
});

test("both see every single flipped bit of a record, and two words that change places", () => {
  const record = bytes.slice(0, 100);
  const view = new Uint32Array(record.buffer);
  const before = { small: checksum32(record, view, 0, 100), large: checksum64(record) };
  for (let bit = 0; bit < 800; bit++) {
    record[bit >> 3] = (record[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(checksum32(record, view, 0, 100)).not.toBe(before.small);
    expect(checksum64(record)).not.toEqual(before.large);
    record[bit >> 3] = (record[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  }
  [view[3], view[7]] = [view[7] ?? 0, view[3] ?? 0];
  expect(checksum32(record, view, 0, 100)).not.toBe(before.small);
});
