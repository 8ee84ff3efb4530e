import { expect, test } from "bun:test";
import { bulkWrite, HugePages } from "../../../../src/store/file/index.ts";
import { until } from "../../../support/until.ts";

const words = 2 ** 21;

test("memory that is moved into huge pages keeps its content, what is written meanwhile included", async () => {
  const pages = new HugePages(true);
  const memory = Int32Array.from({ length: words }, (_, index) => index);
  const told = memory.byteLength;
  pages.add(memory);
  const waiting = pages.waitingBytes;
  expect(waiting).toBeGreaterThan(0);
  expect(waiting).toBeLessThanOrEqual(told);
  let writes = 0;
  await until("all is moved", () => {
    for (let at = writes % 512; at < words; at += 512) memory[at] = (memory[at] ?? 0) + words;
    writes++;
    return pages.waitingBytes === 0;
  });
  for (let at = 0; at < words; at++) {
    const times = Math.floor(writes / 512) + (at % 512 < writes % 512 ? 1 : 0);
    if (memory[at] !== at + times * words) expect([at, memory[at]]).toEqual([at, at + times * words]);
  }
});

test("a system that is only advised is left to it", () => {
  const pages = new HugePages(false);
  pages.add(new Uint8Array(2 ** 23).fill(1));
  expect(pages.waitingBytes).toBe(0);
});

test("nothing is moved while much is written to disk, and nothing after the end", async () => {
  const pages = new HugePages(true);
  await bulkWrite(async () => {
    pages.add(new Uint8Array(2 ** 23).fill(1));
    const before = pages.waitingBytes;
    let turns = 0;
    await until("some turns", () => ++turns > 20);
    expect(pages.waitingBytes).toBe(before);
  });
  await until("all is moved", () => pages.waitingBytes === 0);
  pages.add(new Uint8Array(2 ** 23).fill(1));
  pages.stop();
  expect(pages.waitingBytes).toBe(0);
  pages.add(new Uint8Array(2 ** 23).fill(1));
  expect(pages.waitingBytes).toBe(0);
});
