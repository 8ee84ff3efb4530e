import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  compactStore,
  inspectStore,
  KeyValueStore,
  repairStore,
  storeStatistics,
} from "../../../../src/store/index.ts";
import { FaultyFileSystem } from "../../../support/faulty-files/index.ts";
import { contentOf, imageOf, openSmall, putRound, smallStore, storeFolder } from "../../../support/small-store.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

/** What works on a store by its path: statistics, compaction, repair. */

const root = temporaryFolder();

/** A store killed after a snapshot that no commit has, with something written behind it. */
async function killed(): Promise<{ files: FaultyFileSystem; content: Map<string, string> }> {
  const files = new FaultyFileSystem(1);
  const { store, end } = await openSmall(files);
  await putRound(store, "one", 80);
  await store.commit();
  await putRound(store, "two", 30);
  for (let key = 0; key < 10; key++) await store.delete(`key-${key}`);
  await store.put(7, "seven");
  await store.checkpoint({ method: "snapshot" });
  const content = await contentOf(store);
  await store.put("lost", "as nothing made it durable");
  end();
  return { files, content };
}

describe("statistics", () => {
  test("count what opening would find, and change nothing", async () => {
    const { files, content } = await killed();
    const before = imageOf(files);
    const found = await storeStatistics(storeFolder, files);
    expect(imageOf(files)).toEqual(before);
    const bytes = (texts: Iterable<string>) => [...texts].reduce((sum, text) => sum + text.length, 0);
    expect(found).toMatchObject({ keys: 71, smallestValueBytes: 5, largestValueBytes: 6 });
    expect(found.keys).toBe(content.size);
    expect(found.keyBytes).toBe(bytes(content.keys()) - 1 + 8);
    expect(found.valueBytes).toBe(bytes(content.values()));
    expect(found.sizes).toEqual([{ upToBytes: 16, keys: 71 }]);
    expect(found.liveBytes).toBeLessThan(found.diskBytes);
  });

  test("of a store that is written to, checkpointed and compacted meanwhile are those of some moment", async () => {
    const files = new FaultyFileSystem(1);
    const { store } = await openSmall(files, { keepCheckpoints: 1 });
    await putRound(store, "before");
    await store.commit();
    let isOver = false;
    const busy = (async () => {
      for (let round = 0; !isOver; round++) {
        await putRound(store, `round-${round}`);
        await store.checkpoint({ method: round % 2 === 0 ? "snapshot" : "fold-over" });
        if (round % 4 === 0) await store.compact();
      }
    })();
    for (let look = 0; look < 20; look++) expect((await storeStatistics(storeFolder, files)).keys).toBe(40);
    isOver = true;
    await busy;
    await store.close();
  });
});

describe("compaction at rest", () => {
  test("frees the disk for real, keeps every value and serial, and is clean afterwards", async () => {
    const folder = join(root, "compacted");
    const sizes = {
      pageBytes: 65_536,
      segmentBytes: 1_048_576,
      memoryBytes: 1_048_576,
      durability: "checkpoint",
    } as const;
    const store = await KeyValueStore.open(folder, sizes);
    const session = store.session("s");
    for (let round = 0; round < 20; round++) {
      for (let key = 0; key < 1_000; key++) session.put(`key-${key}`, `${round}:${"x".repeat(200)}`);
      await store.commit();
    }
    await store.checkpoint();
    await store.close();
    const before = blocksOf(folder);
    const done = await compactStore(folder);
    expect(done).toMatchObject({ moved: 1_000, previousBegin: 64 });
    expect(done.removedCheckpoints.length).toBe(1);
    expect(blocksOf(folder)).toBeLessThan(before / 8);
    expect(done.bytesAfter).toBeLessThan(done.bytesBefore / 8);
    expect(await inspectStore(folder, { full: true })).toMatchObject({ state: "clean", damages: [] });
    const again = await KeyValueStore.open(folder, sizes);
    expect(again.session("s").serial).toBe(20_000);
    for (let key = 0; key < 1_000; key++)
      expect(Buffer.from((await again.get(`key-${key}`)) ?? []).toString()).toBe(`19:${"x".repeat(200)}`);
    await again.close();
  });

  test("of a store within one segment frees the blocks that nobody needs, and stays readable however often", async () => {
    const folder = join(root, "small");
    const store = await KeyValueStore.open(folder, { durability: "checkpoint" });
    for (let round = 0; round < 60; round++) {
      for (let key = 0; key < 500; key++) store.put(`key-${key}`, `${round}:${"y".repeat(300)}`);
      await store.commit();
    }
    await store.close();
    const before = blocksOf(folder);
    expect(before).toBeGreaterThan(8_000_000);
    for (let time = 0; time < 3; time++) {
      const done = await compactStore(folder);
      expect(done.moved).toBe(500);
      expect(blocksOf(folder)).toBeLessThan(600_000);
      expect(await inspectStore(folder, { full: true })).toMatchObject({ state: "clean" });
    }
    const again = await KeyValueStore.open(folder);
    expect((await contentOf(again)).size).toBe(500);
    await again.close();
  });

  test("of a live or damaged store is refused, and changes nothing", async () => {
    const { files } = await killed();
    const { store } = await openSmall(files);
    const image = imageOf(files);
    await expect(compactStore(storeFolder, files)).rejects.toMatchObject({ code: "locked" });
    expect(imageOf(files)).toEqual(image);
    await putRound(store, "more");
    await store.close();
    for (const name of ["store", "store.copy"]) files.flipBit(`${storeFolder}/${name}`, 60);
    await expect(compactStore(storeFolder, files)).rejects.toMatchObject({ code: "corrupt" });
  });

  test("of what is no store is not found, and leaves no file there", async () => {
    const folder = join(root, "none");
    mkdirSync(folder);
    await expect(compactStore(folder)).rejects.toMatchObject({ code: "not_found" });
    expect(readdirSync(folder)).toEqual([]);
  });
});

test("a snapshot that doesn't fit into memory is no damage: opening says how much it needs, and the tools take as much", async () => {
  const files = new FaultyFileSystem(1);
  const { store, end } = await openSmall(files, { memoryBytes: 131_072 });
  await store.put("first", "durable", "sync");
  await putRound(store, "one", 900);
  await store.checkpoint({ method: "snapshot" });
  end();
  const image = imageOf(files, `${storeFolder}/checkpoints`);
  for (const options of [{}, { repair: true }]) {
    const refused = expect(openSmall(files, options)).rejects;
    await refused.toMatchObject({ code: "invalid_argument", message: expect.stringContaining("bytes of memory") });
  }
  expect(imageOf(files, `${storeFolder}/checkpoints`)).toEqual(image);
  expect((await storeStatistics(storeFolder, files)).keys).toBe(901);
  expect((await repairStore(storeFolder, { files })).recovery).toMatchObject({ problems: [], droppedBytes: 0 });
  expect((await compactStore(storeFolder, files)).moved).toBe(901);
});

test("a dry run of a repair tells what it would do, and the repair does that", async () => {
  const { files, content } = await killed();
  const [id] = files.list(`${storeFolder}/checkpoints`);
  files.flipBit(`${storeFolder}/checkpoints/${id}/log`, 100);
  const before = imageOf(files);
  const would = await repairStore(storeFolder, { files, dryRun: true });
  expect(imageOf(files)).toEqual(before);
  expect(would.recovery.setAside).toEqual([id ?? ""]);
  expect(await repairStore(storeFolder, { files })).toEqual(would);
  const { store } = await openSmall(files, smallStore);
  expect((await contentOf(store)).size).toBe(80);
  expect(content.size).toBe(71);
  await store.close();
});

/** Bytes that all files below a folder take on disk. */
function blocksOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).reduce(
    (sum, name) => sum + statSync(join(folder, name)).blocks * 512,
    0,
  );
}
