import { expect, test } from "bun:test";
import { KeyValueStore, type StoreOptions } from "../../src/store/index.ts";
import { FaultyFileSystem } from "../support/faulty-files/index.ts";
import { ProcessFiles } from "../support/process-files.ts";

const folder = "/data/store";
const options: StoreOptions = { pageBytes: 1_024, segmentBytes: 2_048, memoryBytes: 4_096, durability: "checkpoint" };

const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

/** A store of 200 keys, four fifths of it only on disk, closed. */
async function filled(): Promise<FaultyFileSystem> {
  const files = new FaultyFileSystem(1);
  const store = await KeyValueStore.open(folder, { ...options, files });
  for (let index = 0; index < 200; index++) await store.put(`key-${index}`, `value-${index}`);
  await store.close();
  return files;
}

test("whatever bit of the log is flipped: it is reported, or what is read is what was written", async () => {
  const sizes = (await filled()).bytesOf(`${folder}/log.00000002`).length;
  let refused = 0;
  for (let position = 0; position < sizes; position += 37) {
    const files = await filled();
    files.flipBit(`${folder}/log.00000002`, position, position % 8);
    const store = await KeyValueStore.open(folder, { ...options, files }).catch((error: unknown) => {
      expect(error).toMatchObject({ code: "corrupt" });
    });
    if (store === undefined) {
      refused++;
      continue;
    }
    for (let index = 0; index < 200; index++) {
      const value = await Promise.resolve(store.get(`key-${index}`)).catch(() => undefined);
      if (value !== undefined) expect(text(value)).toBe(`value-${index}`);
    }
    await store.close();
  }
  expect(refused).toBeGreaterThan(10);
});

test("a bit flipped while the store is open is found by the cold read that meets it", async () => {
  const files = await filled();
  const store = await KeyValueStore.open(folder, { ...options, files });
  files.flipBit(`${folder}/log.00000000`, 300);
  let reported = 0;
  for (let index = 0; index < 40; index++) {
    const value = await Promise.resolve(store.get(`key-${index}`)).catch((error: unknown) => {
      expect(error).toMatchObject({ code: "corrupt" });
      reported++;
    });
    if (value) expect(text(value)).toBe(`value-${index}`);
  }
  expect(reported).toBeGreaterThan(0);
});

test("a damaged log is refused, and opened with `repair` goes back to the last commit before the damage", async () => {
  const files = new FaultyFileSystem(1);
  const store = await KeyValueStore.open(folder, { ...options, files });
  for (let index = 0; index < 100; index++)
    await store.put(`key-${index}`, `value-${index}`, index % 10 === 9 ? "sync" : "checkpoint");
  await store.close();
  files.flipBit(`${folder}/log.00000001`, 700);
  await expect(KeyValueStore.open(folder, { ...options, files })).rejects.toMatchObject({ code: "corrupt" });
  const repaired = await KeyValueStore.open(folder, { ...options, files, repair: true });
  expect(repaired.recovery.problems.length).toBeGreaterThan(0);
  const values = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => text(await repaired.get(`key-${index}`))),
  );
  const kept = values.filter((value) => value !== undefined).length;
  expect(kept % 10).toBe(0);
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(100);
  expect(values.slice(0, kept)).toEqual(Array.from({ length: kept }, (_, index) => `value-${index}`));
  await repaired.close();
});

for (const [on, code, expected] of [
  ["sync", "EIO", "io_error"],
  ["write", "EIO", "io_error"],
  ["write", "ENOSPC", "full"],
] as const) {
  test(`[fault 5.5: waits for ever] ${code} on ${on}: every waiter is told, nothing more is accepted, and reopening recovers what was acknowledged`, async () => {
    const files = new FaultyFileSystem(1);
    const life = new ProcessFiles(files);
    const store = await KeyValueStore.open(folder, { ...options, files: life });
    await store.put("kept", "before", "sync");
    files.fail({ on, code, path: "log." });
    const waiting = [store.put("a", "1", "sync"), store.put("b", "2", "sync")];
    for (const one of waiting) await expect(one).rejects.toMatchObject({ code: expected });
    expect(() => store.put("c", "3")).toThrow(expect.objectContaining({ code: "poisoned" }));
    expect(text(await store.get("kept"))).toBe("before");
    await store.close();
    files.crash();
    const again = await KeyValueStore.open(folder, { ...options, files });
    expect(text(await again.get("kept"))).toBe("before");
    expect(await again.get("c")).toBeUndefined();
    await again.close();
  });
}

test("closing rejects when a commit failed that nobody waited for", async () => {
  const files = new FaultyFileSystem(1);
  const store = await KeyValueStore.open(folder, { ...options, files, asyncWindowMs: 1 });
  files.fail({ on: "write", code: "EIO", path: "log." });
  store.put("lost", "value", "async");
  const hasFailed = Promise.withResolvers<void>();
  const watch = setInterval(() => store.stats().flush.failures > 0 && hasFailed.resolve(), 1);
  await hasFailed.promise.finally(() => clearInterval(watch));
  await expect(store.close()).rejects.toMatchObject({ code: "poisoned" });
  const again = await KeyValueStore.open(folder, { ...options, files });
  expect(await again.get("lost")).toBeUndefined();
  await again.close();
});

test("writers that wait for memory are told when the flush that would free it fails", async () => {
  const files = new FaultyFileSystem(1);
  const store = await KeyValueStore.open(folder, { ...options, files });
  files.fail({ on: "write", code: "ENOSPC", path: "log.", times: 100 });
  const written = async () => {
    for (let index = 0; index < 500; index++) await store.put(`key-${index}`, "x".repeat(50));
  };
  await expect(written()).rejects.toMatchObject({ code: expect.stringMatching(/full|poisoned/) });
});
