import { expect, test } from "bun:test";
import { inspectStore, KeyValueStore } from "../../../../src/store/index.ts";
import { FaultyFileSystem } from "../../../support/faulty-files/index.ts";
import {
  contentOf,
  imageOf,
  openSmall,
  putRound,
  reproducible,
  smallStore,
  storeFolder,
  textOf,
} from "../../../support/small-store.ts";
import { waitFor } from "../../../support/wait-for.ts";

/** Faults of other stores of this kind that this one must not have; docs/store.md lists them with all their tests. */

/** The store after the power went and came back. */
async function afterPowerLoss(files: FaultyFileSystem, life: { end(): void }): Promise<KeyValueStore> {
  life.end();
  files.crash();
  return (await openSmall(files)).store;
}

test("[fault 5.4: evicted pages] pages that a snapshot is still to copy don't leave memory, however much is written", async () => {
  const files = new FaultyFileSystem(5);
  const life = await openSmall(files, { mutableFraction: 0.5 });
  const { store } = life;
  await putRound(store, "before", 100);
  const before = await contentOf(store);
  const { version } = store.stats();
  const release = files.hold("write");
  const done = store.checkpoint({ parts: "log", method: "snapshot" });
  await waitFor(() => store.stats().version > version, { what: "the version shift" });
  const written = putRound(store, "after", 400);
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  release();
  const { id } = await done;
  await written;
  expect(store.stats().head).toBeGreaterThan(8_192);
  life.end();
  files.killProcess();
  const { store: again } = await openSmall(files, { at: id });
  expect(await contentOf(again)).toEqual(before);
  await again.close();
});

test("[fault 5.5: no back-pressure] writers wait while the disk does, and nothing unflushed is overwritten", async () => {
  const files = new FaultyFileSystem(5);
  const life = await openSmall(files);
  const { store } = life;
  const release = files.hold("write");
  let count = 0;
  const writing = (async () => {
    for (; count < 600; count++) await store.put(`key-${count}`, "x".repeat(50));
  })();
  await waitFor(() => store.stats().tail > 6 * 1_024, { what: "a full memory" });
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(count).toBeLessThan(200);
  expect(store.stats().tail).toBeLessThanOrEqual(8_192);
  // Of a session of its own: those of the writers come after what they wait for.
  const reader = store.session("reader");
  for (let key = 0; key < count; key++) expect(textOf(await reader.get(`key-${key}`))).toBe("x".repeat(50));
  release();
  await writing;
  await store.commit();
  const again = await afterPowerLoss(files, life);
  expect((await contentOf(again)).size).toBe(600);
  await again.close();
});

test("[fault 5.5: holes] what is written while a commit is on its way is neither in it nor lost", async () => {
  const files = new FaultyFileSystem(5);
  const life = await openSmall(files);
  const { store } = life;
  const session = store.session("s");
  await store.checkpoint();
  session.put("key", "first");
  const release = files.hold("folder-sync");
  const first = store.checkpoint({ parts: "log" });
  session.put("key", "second");
  session.put("other", "second");
  release();
  await first;
  await store.commit();
  const again = await afterPowerLoss(files, life);
  expect(again.session("s").serial).toBe(3);
  expect([textOf(await again.get("key")), textOf(await again.get("other"))]).toEqual(["second", "second"]);
  await again.close();
});

test("[fault 5.5: window unused] an `async` write becomes durable by itself", async () => {
  const files = new FaultyFileSystem(5);
  const life = await openSmall(files, { durability: "async", asyncWindowMs: 5 });
  const { store } = life;
  expect(store.put("key", "value")).toBeUndefined();
  await waitFor(() => store.stats().flush.commits > 0, { what: "a commit that nobody asked for" });
  const again = await afterPowerLoss(files, life);
  expect(textOf(await again.get("key"))).toBe("value");
  await again.close();
});

test("[fault 5.5: batches in parts] of a batch there is all or nothing, wherever the power goes", async () => {
  const play = async (files: FaultyFileSystem) => {
    const { store } = await openSmall(files);
    for (let round = 1; round <= 4; round++) {
      const steps = Array.from({ length: 7 }, (_, key) => ({ put: `key-${key}`, value: `${round}:${"x".repeat(50)}` }));
      await store.batch(steps, "sync");
    }
  };
  const whole = new FaultyFileSystem(5);
  await play(whole);
  for (let crash = 1; crash <= whole.operations; crash++) {
    const files = new FaultyFileSystem(crash);
    files.crashAt(crash);
    await play(files).catch(() => {});
    files.crash();
    const { store } = await openSmall(files);
    const values = new Set([...(await contentOf(store)).values()]);
    expect([crash, values.size <= 1]).toEqual([crash, true]);
    await store.close();
  }
});

test("[fault 5.5: XOR] two words that change places are found, in every kind of file", async () => {
  const make = async () => {
    const files = new FaultyFileSystem(1);
    const { store } = await openSmall(files, { keepCheckpoints: 9, ...reproducible(1) });
    await putRound(store, "one", 90);
    await store.checkpoint();
    await putRound(store, "two", 20);
    await store.checkpoint({ method: "snapshot", parts: "log" });
    await store.close();
    return files;
  };
  const image = imageOf(await make());
  for (const [path, base64] of image) {
    const bytes = Buffer.from(base64, "base64");
    const places = [...Array(Math.floor(bytes.length / 8)).keys()].map((word) => word * 8).filter((at) => at >= 64);
    for (const at of places.filter((_, index) => index % 11 === 0)) {
      const [one, two] = [bytes.subarray(at, at + 8), bytes.subarray(at + 8, at + 16)];
      if (two.length < 8 || one.equals(two)) continue;
      const files = await make();
      const file = files.open(path, "write");
      file.writeSync(Buffer.concat([two, one]), at);
      file.close();
      const { state } = await inspectStore(storeFolder, { files, full: true }).catch(() => ({ state: "damaged" }));
      expect([path, at, state]).toEqual([path, at, "damaged"]);
    }
  }
}, 30_000);

test("[fault 5.5: rewritten in place] metadata is replaced in one step: the power may go during it", async () => {
  for (let crash = 1; crash <= 60; crash++) {
    const files = new FaultyFileSystem(crash);
    const { store } = await openSmall(files);
    await putRound(store, "one", 60);
    await store.commit();
    files.crashAt(files.operations + crash);
    await store
      .compact()
      .then(() => store.close())
      .catch(() => {});
    files.crash();
    const { store: again } = await openSmall(files);
    expect([crash, (await contentOf(again)).size]).toEqual([crash, 60]);
    await again.close();
  }
});

test("[fault 5.4: nothing but fsync] a checkpoint that fails leaves the store as it was, and the next one succeeds", async () => {
  for (const on of ["write", "sync", "name", "folder-sync"] as const) {
    for (const code of ["EIO", "ENOSPC"] as const) {
      const files = new FaultyFileSystem(5);
      const life = await openSmall(files);
      await putRound(life.store, "one");
      const kept = await life.store.checkpoint({ method: "snapshot" });
      await putRound(life.store, "two");
      files.fail({ on, code, path: "checkpoints/00000002" });
      await expect(life.store.checkpoint({ method: "snapshot" })).rejects.toMatchObject({
        code: code === "EIO" ? "io_error" : "full",
      });
      expect(life.store.checkpoints.map(({ id }) => id)).toEqual([kept.id]);
      await putRound(life.store, "three");
      await life.store.checkpoint({ method: "snapshot" });
      const again = await afterPowerLoss(files, life);
      expect((await contentOf(again)).get("key-7")).toBe("three:7");
      expect((await inspectStore(storeFolder, { files, full: true })).damages).toEqual([]);
      await again.close();
    }
  }
});

test("a checkpoint stays when one that it replaces can't be removed, and the next one removes it", async () => {
  const files = new FaultyFileSystem(5);
  const life = await openSmall(files, { keepCheckpoints: 1 });
  await putRound(life.store, "one");
  await life.store.checkpoint({ parts: "log" });
  await putRound(life.store, "two");
  files.fail({ on: "folder-sync", code: "EIO", path: "checkpoints/00000001" });
  await expect(life.store.checkpoint({ parts: "log" })).rejects.toMatchObject({ code: "io_error" });
  await putRound(life.store, "three");
  const { id } = await life.store.checkpoint({ parts: "log" });
  expect(files.list(`${storeFolder}/checkpoints`)).toEqual([id]);
  expect((await life.store.selfCheck()).damages).toEqual([]);
  await life.store.close();
});

test("[fault 5.5: repair by default] a damaged store is never cut without being asked", async () => {
  const files = new FaultyFileSystem(5);
  const { store } = await openSmall(files);
  for (let round = 0; round < 3; round++) {
    await putRound(store, `round-${round}`, 30);
    await store.commit();
  }
  await store.close();
  files.flipBit(`${storeFolder}/log.00000001`, 100);
  const before = imageOf(files);
  await expect(KeyValueStore.open(storeFolder, { ...smallStore, files })).rejects.toMatchObject({ code: "corrupt" });
  expect(imageOf(files)).toEqual(before);
});
