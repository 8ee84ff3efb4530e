import { expect, test } from "bun:test";
import { KeyValueStore, type StoreOptions } from "../../../../src/store/index.ts";
import { FaultyFileSystem } from "../../../support/faulty-files/index.ts";
import { ProcessFiles } from "../../../support/process-files.ts";
import { waitFor } from "../../../support/wait-for.ts";

const folder = "/data/store";
const small: StoreOptions = { pageBytes: 4_096, segmentBytes: 8_192, memoryBytes: 65_536, durability: "checkpoint" };

const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

/** A store on a disk that forgets what wasn't synced. `lose` ends the process and the power. */
async function open(files: FaultyFileSystem, options: StoreOptions = small) {
  const life = new ProcessFiles(files);
  const store = await KeyValueStore.open(folder, { ...options, files: life });
  return {
    store,
    lose() {
      life.end();
      files.crash();
    },
  };
}

/** More than a checkpoint takes over at once, so that most of it is still to be copied when its first write waits. */
const large: StoreOptions = {
  pageBytes: 65_536,
  segmentBytes: 1_048_576,
  memoryBytes: 16_777_216,
  durability: "checkpoint",
};
const keys = Array.from({ length: 4_000 }, (_, index) => `key-${index}`);
const valueOfRound = (round: string) => round.padEnd(1_000, round);

for (const method of ["snapshot", "delta", "fold-over"] as const) {
  test(`${method}: values changed after the version shift never get into the checkpoint`, async () => {
    const files = new FaultyFileSystem(7);
    const { store, lose } = await open(files, large);
    const session = store.session("one");
    for (const key of keys) session.put(key, valueOfRound("old"));
    if (method === "delta") await store.checkpoint({ parts: "log", method: "snapshot" });
    for (const key of keys) session.put(key, valueOfRound("mid"));
    const before = session.serial;
    const { version, tail } = store.stats();
    const release = files.hold("write");
    const done = store.checkpoint({ parts: "log", method });
    if (method === "fold-over")
      await waitFor(() => store.stats().readOnly > 1_000_000, { what: "pages being written" });
    else await waitFor(() => store.stats().version > version, { what: "the version shift" });
    const other = store.session("two");
    if (method === "fold-over") release();
    if (method === "fold-over") await waitFor(() => store.stats().version > version, { what: "the version shift" });
    for (const key of keys) other.put(key, valueOfRound("new"));
    expect(store.stats().tail).toBeGreaterThan(tail + 4_000_000);
    expect(text(await store.get("key-3999"))).toBe(valueOfRound("new"));
    release();
    await done;
    lose();
    const { store: again } = await open(files, large);
    expect([again.session("one").serial, again.session("two").serial]).toEqual([before, 0]);
    for (const key of keys) expect(text(await again.get(key))).toBe(valueOfRound("mid"));
    await again.close();
  }, 30_000);
}

test("[fault 5.4: evicted pages] a snapshot of a log that has outgrown memory is restored whole", async () => {
  const files = new FaultyFileSystem(3);
  const { store, lose } = await open(files, { ...small, memoryBytes: 16_384 });
  for (let index = 0; index < 2_000; index++) await store.put(`key-${index % 700}`, `value-${index}`);
  expect(store.stats().head).toBeGreaterThan(store.stats().begin);
  await store.checkpoint({ method: "snapshot" });
  lose();
  const { store: again } = await open(files, { ...small, memoryBytes: 16_384 });
  for (let index = 1_300; index < 2_000; index++)
    expect(text(await again.get(`key-${index % 700}`))).toBe(`value-${index}`);
  await again.close();
});

test("after a snapshot values are changed in place again, and a delta is smaller than it", async () => {
  const files = new FaultyFileSystem(3);
  const { store } = await open(files);
  for (let index = 0; index < 300; index++) await store.put(`key-${index}`, "x".repeat(50));
  const snapshot = await store.checkpoint({ parts: "log", method: "snapshot" });
  const { tail } = store.stats();
  await store.put("key-5", "y".repeat(50));
  expect(store.stats().tail).toBe(tail);
  const delta = await store.checkpoint({ parts: "log", method: "delta" });
  expect([snapshot.kind, delta.kind, delta.base]).toEqual(["snapshot", "delta", snapshot.id]);
  expect(delta.bytes).toBeLessThan(snapshot.bytes / 10);
  await store.close();
});

test("only one checkpoint at a time", async () => {
  const { store } = await open(new FaultyFileSystem(3));
  const first = store.checkpoint();
  await expect(store.checkpoint()).rejects.toMatchObject({ code: "busy" });
  await first;
  await store.close();
});

test("an index checkpoint spares recovery the log before it", async () => {
  const files = new FaultyFileSystem(3);
  const { store } = await open(files);
  for (let index = 0; index < 300; index++) await store.put(`key-${index}`, "old");
  await store.checkpoint({ parts: "index" });
  await store.put("key-1", "new");
  await store.close();
  const { store: again } = await open(files);
  expect(again.recovery).toMatchObject({ indexLoaded: true, recordsScanned: 1 });
  expect([text(await again.get("key-1")), text(await again.get("key-299"))]).toEqual(["new", "old"]);
  await again.close();
});

test("[fault 5.6: pressure for ever] memory pressure is measured on what is in memory, not on the length of the log", async () => {
  const files = new FaultyFileSystem(3);
  const flush = { intervalMs: 10, pressurePercent: 90 };
  const { store } = await open(files, { ...small, memoryBytes: 16_384, mutableFraction: 0.3, flush });
  for (let index = 0; index < 3_000; index++) await store.put(`key-${index}`, "x".repeat(60));
  await store.commit();
  expect(store.stats().tail).toBeGreaterThan(10 * 16_384);
  const runs = () => store.stats().autoFlush;
  const before = runs();
  await waitFor(() => runs().runs >= before.runs + 3, { what: "three looks at the triggers" });
  expect(runs().runs).toBeGreaterThan(before.runs);
  expect(runs().byPressure).toBe(before.byPressure);
  await store.close();
});

test("what has waited long enough is committed in the background, and a clean stop leaves nothing running", async () => {
  const files = new FaultyFileSystem(3);
  const { store, lose } = await open(files, { ...small, flush: { intervalMs: 10, ageMs: 1 } });
  await store.put("key", "value");
  await waitFor(() => store.stats().flush.commits > 0, { what: "a commit" });
  expect(store.stats().autoFlush.byAge).toBeGreaterThan(0);
  lose();
  const { store: again } = await open(files);
  expect(text(await again.get("key"))).toBe("value");
  await again.close();
});
