import { expect, test } from "bun:test";
import { join } from "node:path";
import { KeyValueStore, type StoreOptions } from "../../../../src/store/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const root = temporaryFolder();
let count = 0;

function open(options: StoreOptions = {}): Promise<KeyValueStore> {
  return KeyValueStore.open(join(root, String(++count)), {
    durability: "checkpoint",
    memoryBytes: 16 * 2 ** 20,
    ...options,
  });
}

const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

test("text, bytes and integers are keys; text is its UTF-8, and integers are keys of their own", async () => {
  const store = await open();
  const keys = ["", "a", "grüße 🙂", "x".repeat(1_000), -1, 0, 97, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
  for (const key of keys) await store.put(key, `value of ${key}`);
  for (const key of keys) expect(text(await store.get(key))).toBe(`value of ${key}`);
  expect(text(await store.get(new TextEncoder().encode("grüße 🙂")))).toBe("value of grüße 🙂");
  expect(await store.get(Uint8Array.of(98))).toBeUndefined();
  const scanned = new Set<string | number>();
  for await (const { key } of store.scan()) scanned.add(typeof key === "number" ? key : (text(key) ?? ""));
  expect(scanned).toEqual(new Set(keys));
  expect(() => store.put(0.5, "")).toThrow("safe integer");
  await store.close();
});

test("values shrink and grow in their place and beyond it", async () => {
  const store = await open();
  for (const length of [100, 10, 100, 104, 2_000, 0, 5]) {
    await store.put("key", "v".repeat(length));
    expect((await store.get("key"))?.length).toBe(length);
  }
  await store.delete("key");
  expect(await store.get("key")).toBeUndefined();
  await store.close();
});

test("an update sees the value and replaces or deletes it; a batch is one operation", async () => {
  const store = await open();
  const session = store.session("one");
  await session.update("n", () => Uint8Array.of(1));
  await session.update("n", (value) => Uint8Array.of((value?.[0] ?? 0) + 1));
  expect(await session.get("n")).toEqual(Uint8Array.of(2));
  await session.batch([{ put: "a", value: "1" }, { delete: "n" }, { put: "a", value: "2" }]);
  expect([text(await session.get("a")), await session.get("n"), session.serial]).toEqual(["2", undefined, 3]);
  await session.update("a", () => undefined);
  expect(await session.get("a")).toBeUndefined();
  await store.close();
});

test("a session goes on where its last durable operation was; a store is open once", async () => {
  const store = await open();
  const session = store.session("one");
  for (let index = 0; index < 10; index++) session.put("key", `${index}`);
  expect([session.serial, session.durableSerial]).toEqual([10, 0]);
  await session.put("key", "last", "sync");
  expect([session.serial, session.durableSerial]).toEqual([11, 11]);
  const folder = join(root, String(count));
  await expect(KeyValueStore.open(folder)).rejects.toMatchObject({ code: "locked" });
  await store.close();
  const again = await KeyValueStore.open(folder);
  expect(again.session("one").serial).toBe(11);
  await again.close();
});

test("an async write is durable soon, without anybody asking", async () => {
  const store = await open({ asyncWindowMs: 1 });
  const session = store.session("one");
  expect(session.put("key", "value", "async")).toBeUndefined();
  await session.durable();
  expect(session.durableSerial).toBe(1);
  await store.close();
});

test("compaction keeps what is alive and deletes the files of the rest", async () => {
  const store = await open({ pageBytes: 65_536, segmentBytes: 65_536, memoryBytes: 262_144 });
  for (let index = 0; index < 20_000; index++) {
    await store.put(`key-${index % 500}`, `${index}`.padEnd(100));
    if (index % 500 === 0) await store.commit();
  }
  await store.delete("key-0");
  await store.commit();
  const before = store.stats().diskBytes;
  const { freedBytes } = await store.compact();
  expect(freedBytes).toBeGreaterThan(before * 0.8);
  expect(store.stats().diskBytes).toBeLessThan(before * 0.2);
  for (let key = 1; key < 500; key++) expect(text(await store.get(`key-${key}`))?.trim()).toBe(`${19_500 + key}`);
  expect(await store.get("key-0")).toBeUndefined();
  await store.close();
});

test("what the caller changes afterwards is its own, be it a Buffer, whose slice is no copy", async () => {
  const store = await open({ pageBytes: 1_024, segmentBytes: 1_024, memoryBytes: 4_096 });
  const writes: (Promise<void> | undefined)[] = [];
  for (let index = 0; index < 100; index++) {
    const value = Buffer.alloc(200, index);
    writes.push(store.put(`key-${index}`, value));
    writes.push(store.batch([{ put: Buffer.from(`batch-${index}`), value }]));
    value.fill(255);
  }
  expect(writes.some((waits) => waits !== undefined)).toBe(true);
  await Promise.all(writes);
  for (let index = 0; index < 100; index++) {
    expect((await store.get(`key-${index}`))?.[0]).toBe(index);
    expect((await store.get(`batch-${index}`))?.[199]).toBe(index);
  }
  await store.close();
});

test("an update that calls the store is refused, and changes nothing", async () => {
  const store = await open();
  store.put("one", "1");
  store.put("two", "2");
  expect(() =>
    store.update("one", () => {
      store.get("two");
      return Uint8Array.of(3);
    }),
  ).toThrow("an update");
  expect([text(await store.get("one")), text(await store.get("two"))]).toEqual(["1", "2"]);
  await store.close();
});

test("more records of one commit than recovery remembers are read a second time", async () => {
  const folder = join(root, "long-commit");
  const store = await KeyValueStore.open(folder, { durability: "checkpoint" });
  const count = 2 ** 18 + 100;
  for (let key = 0; key < count; key++) await store.put(key, "");
  await store.close();
  const again = await KeyValueStore.open(folder);
  expect(again.recovery).toMatchObject({ recordsScanned: count, droppedBytes: 0 });
  expect(again.stats().indexEntries).toBe(count);
  for (let key = 0; key < count; key += 997) expect((await again.get(key))?.length).toBe(0);
  await again.close();
});
