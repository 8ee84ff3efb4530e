import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { Hashes, wordsOf } from "../../../../src/security/capability/hashes.ts";

test("every hash is at its own place and at no other, also after places were given back and there was no room left", () => {
  const hashes = new Hashes();
  const kept = new Map<number, Uint8Array>();
  for (let round = 0; round < 3; round++) {
    for (let count = 0; count < 1_500; count++) {
      const hash = randomBytes(32);
      const place = hashes.add(hash);
      expect(kept.has(place)).toBe(false);
      kept.set(place, hash);
    }
    for (const place of [...kept.keys()].filter((one) => one % 3 === round)) {
      hashes.remove(place);
      expect(hashes.isAt(place, wordsOf(kept.get(place) ?? new Uint8Array()))).toBe(false);
      kept.delete(place);
    }
  }
  expect(Math.max(...kept.keys())).toBeLessThan(3_500);
  const [[, other] = [0, new Uint8Array(32)]] = kept;
  for (const [place, hash] of kept) {
    expect(hashes.isAt(place, wordsOf(hash))).toBe(true);
    if (hash !== other) expect(hashes.isAt(place, wordsOf(other))).toBe(false);
  }
});

test("a hash that differs in one bit is another one, wherever it is", () => {
  const hashes = new Hashes();
  const hash = randomBytes(32);
  const place = hashes.add(hash);
  for (let bit = 0; bit < 256; bit++) {
    const other = Uint8Array.from(hash);
    other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(hashes.isAt(place, wordsOf(other))).toBe(false);
  }
  // Bytes from elsewhere lie where they lie.
  expect(hashes.isAt(place, wordsOf(Buffer.concat([Buffer.of(1), hash]).subarray(1)))).toBe(true);
});
