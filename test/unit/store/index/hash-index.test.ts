import { expect, test } from "bun:test";
import { HashIndex } from "../../../../src/store/index/index.ts";

/** A hash for a number: all 32 bits in use, no two alike. */
const hashOf = (number: number) => Math.imul(number, 0x9e3779b1) | 0;
const count = 200_000;

function filled(): HashIndex {
  const index = new HashIndex(1);
  for (let number = 1; number <= count; number++) index.insert(hashOf(number), number * 3);
  return index;
}

test("every entry is found at every moment of growing", () => {
  const index = new HashIndex(1);
  let growing = 0;
  for (let number = 1; number <= count; number++) {
    index.insert(hashOf(number), number * 3);
    if (index.growing) growing++;
    const older = 1 + ((number * 7_919) % number);
    expect(index.address(index.find(hashOf(older)))).toBe(older * 3);
  }
  expect(growing).toBeGreaterThan(1_000);
  expect(index.entries).toBe(count);
  expect(index.find(hashOf(count + 1))).toBe(-1);
});

test("addresses of more than 32 bits are kept whole", () => {
  const index = new HashIndex(1);
  index.insert(-5, 2 ** 44 + 12_345);
  index.set(index.find(-5), 2 ** 45 - 1);
  expect(index.address(index.find(-5))).toBe(2 ** 45 - 1);
});

test("a visit tells every hash and address once, and a sweep frees what lies below", () => {
  const index = filled();
  index.grow(Number.POSITIVE_INFINITY);
  const seen = new Map<number, number>();
  index.visit(0, index.buckets, (hash, address) => seen.set(hash, address));
  expect(seen.size).toBe(count);
  for (let number = 1; number <= count; number += 97) expect(seen.get(hashOf(number))).toBe(number * 3);
  index.sweep(0, index.buckets, 300_000);
  expect(index.entries).toBe(count - 99_999);
  expect([index.find(hashOf(99_999)), index.address(index.find(hashOf(100_000)))]).toEqual([-1, 300_000]);
});

test("an index that is held neither grows nor loses anything", () => {
  const index = new HashIndex(1);
  index.held++;
  for (let number = 1; number <= count; number++) index.insert(hashOf(number), number * 3);
  expect(index.growing).toBe(false);
  for (let number = 1; number <= count; number += 31)
    expect(index.address(index.find(hashOf(number)))).toBe(number * 3);
});

test("an empty index is made as large as is asked at once, and large tables are told of", () => {
  const index = new HashIndex(1);
  const told: number[] = [];
  index.onTable = (table) => told.push(table.byteLength);
  index.growTo(2 ** 17);
  expect([index.buckets, index.growing, told.length]).toEqual([2 ** 17, false, 1]);
  for (let number = 1; number <= count; number++) index.insert(hashOf(number), number * 3);
  expect(index.buckets).toBe(2 ** 17);
  for (let number = 1; number <= count; number += 97)
    expect(index.address(index.find(hashOf(number)))).toBe(number * 3);
  index.growTo(2 ** 18);
  expect([index.buckets, told.length]).toEqual([2 ** 18, 2]);
  expect(index.address(index.find(hashOf(count)))).toBe(count * 3);
});
