import { expect, test } from "bun:test";
import { inspectStore } from "../../../../src/store/index.ts";
import { FaultyFileSystem } from "../../../support/faulty-files/index.ts";
import { contentOf, openSmall, putRound, storeFolder } from "../../../support/small-store.ts";

const large = { pageBytes: 2 ** 16, segmentBytes: 2 ** 17, memoryBytes: 2 ** 18, durability: "sync" } as const;
const segment = `${storeFolder}/log.00000000`;

test("small commits seldom make a file longer, and a closed store keeps no room", async () => {
  const files = new FaultyFileSystem(1);
  const { store } = await openSmall(files, large);
  const sizes = new Set<number>();
  for (let round = 0; round < 200; round++) {
    await store.put(`key-${round}`, "value");
    sizes.add(files.bytesOf(segment).length);
  }
  expect(sizes.size).toBeLessThan(10);
  const { tail } = store.stats();
  expect(files.bytesOf(segment).length).toBeGreaterThan(tail);
  await store.close();
  expect(files.bytesOf(segment).length).toBe(tail);
});

test("room that a crash left behind is neither a torn end nor in anybody's way", async () => {
  const files = new FaultyFileSystem(2);
  const first = await openSmall(files, large);
  await putRound(first.store, "one");
  first.end();
  files.crash();
  expect(await inspectStore(storeFolder, { files, full: true })).toMatchObject({ state: "clean", behind: 0 });
  const second = await openSmall(files, large);
  expect(second.store.recovery).toMatchObject({ droppedBytes: 0, problems: [] });
  await putRound(second.store, "two");
  second.end();
  files.crash();
  const { store } = await openSmall(files, large);
  expect((await contentOf(store)).get("key-39")).toBe("two:39");
  await store.close();
});

test("a disk that has room for a write, though none ahead of it, takes the write", async () => {
  const files = new FaultyFileSystem(3);
  const { store } = await openSmall(files, large);
  await store.put("one", "1");
  const capacity = 2 ** 30;
  files.limit(capacity);
  files.limit(capacity - files.freeBytes() + 1_000);
  const room = files.bytesOf(segment).length - store.stats().tail;
  await store.put("two", new Uint8Array(room));
  expect(store.stats().tail).toBeGreaterThan(files.bytesOf(segment).length - 1_000);
  expect(store.stats().flush.failures).toBe(0);
  files.limit(Number.POSITIVE_INFINITY);
  await store.close();
});
