import { describe, expect, test } from "bun:test";
import { inspectStore, type KeyValueStore, repairStore } from "../../../../src/store/index.ts";
import { FaultyFileSystem } from "../../../support/faulty-files/index.ts";
import { contentOf, imageOf, openSmall, putRound, reproducible, storeFolder } from "../../../support/small-store.ts";

const full = (files: FaultyFileSystem) => inspectStore(storeFolder, { files, full: true });
const quick = (files: FaultyFileSystem) => inspectStore(storeFolder, { files });

const harms = [
  ["damaged", (files: FaultyFileSystem, path: string) => files.flipBit(path, 60)],
  ["missing", (files: FaultyFileSystem, path: string) => files.remove(path)],
] as const;

/** A closed store of several segments, with a fold-over, a snapshot, a delta and an index as checkpoints. */
async function rich(): Promise<FaultyFileSystem> {
  const files = new FaultyFileSystem(1);
  const { store } = await openSmall(files, { keepCheckpoints: 9, ...reproducible(1) });
  await putRound(store, "one", 90);
  await store.checkpoint({ method: "fold-over" });
  await putRound(store, "two");
  await store.checkpoint({ method: "snapshot" });
  await putRound(store, "three", 5);
  await store.checkpoint({ method: "delta", parts: "log" });
  await store.checkpoint({ parts: "index" });
  store.session("s").put("last", "value");
  await store.close();
  return files;
}

describe("a sound store", () => {
  test("is clean, whole, and looking at it changes nothing", async () => {
    const files = await rich();
    const before = imageOf(files);
    for (const found of [await quick(files), await full(files)]) {
      expect(found).toMatchObject({ state: "clean", live: false, behind: 0, damages: [], pageBytes: 1_024 });
      expect(found.checkpoints.map(({ checkpoint, whole }) => [checkpoint.kind, whole])).toEqual([
        ["fold-over", true],
        ["snapshot", true],
        ["delta", true],
        ["index", true],
      ]);
      expect([...found.sessions]).toEqual([["s", 1]]);
      expect(found.end).toBe(found.committed);
      expect(found.segments.length).toBeGreaterThan(3);
    }
    expect(imageOf(files)).toEqual(before);
  });

  test("that ends in a snapshot is found to end there", async () => {
    const files = new FaultyFileSystem(1);
    const { store, end } = await openSmall(files);
    await putRound(store, "one");
    await store.checkpoint({ method: "snapshot", parts: "log" });
    const { tail, generation } = store.stats();
    end();
    const found = await full(files);
    expect(found).toMatchObject({ end: tail, generation, state: "clean" });
    expect(found.committed).toBeLessThan(tail);
  });

  test("with a torn end says how much opening would cut off", async () => {
    const files = new FaultyFileSystem(1);
    const { store, end } = await openSmall(files);
    await putRound(store, "one");
    await store.commit();
    const { committed } = store.stats();
    end();
    files.open(`${storeFolder}/log.00000001`, "write").writeSync(new Uint8Array(100).fill(7), committed - 2_048);
    expect(await full(files)).toMatchObject({ state: "torn", committed, behind: 104, damages: [] });
  });

  test("of which there is none is not found", async () => {
    const files = new FaultyFileSystem(1);
    files.makeFolder(storeFolder);
    await expect(full(files)).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("a live store", () => {
  test("may be looked at while it is written to, checkpointed and compacted, and is never called damaged", async () => {
    const files = new FaultyFileSystem(1);
    const { store } = await openSmall(files, { keepCheckpoints: 1 });
    await putRound(store, "before");
    await store.commit();
    let rounds = 0;
    let over = false;
    const busy = (async () => {
      for (; !over; rounds++) {
        await putRound(store, `round-${rounds}`, 20);
        await store.commit();
        await store.checkpoint({ method: rounds % 2 === 0 ? "snapshot" : "fold-over" });
        if (rounds % 3 === 0) await store.compact();
      }
    })();
    for (let look = 0; look < 60; look++) {
      const found = await inspectStore(storeFolder, { files, full: look % 2 === 0 });
      expect([look, found.live, found.damages]).toEqual([look, true, []]);
    }
    over = true;
    await busy;
    expect(rounds).toBeGreaterThan(3);
    await store.close();
  });

  test("an opener isn't kept out by somebody who only looks", async () => {
    const files = await rich();
    const lock = files.lock(`${storeFolder}/lock`);
    setTimeout(() => lock?.release(), 5);
    const { store } = await openSmall(files);
    await store.close();
  });

  test("checks itself while it goes on, and keeps compaction out meanwhile", async () => {
    const files = await rich();
    const { store } = await openSmall(files, { keepCheckpoints: 9 });
    const checking = store.selfCheck();
    await expect(store.compact()).rejects.toMatchObject({ code: "busy" });
    await putRound(store, "meanwhile");
    expect(await checking).toMatchObject({ damages: [], live: true });
    const [damaged] = store.checkpoints.filter(({ kind }) => kind === "snapshot");
    files.flipBit(`${storeFolder}/checkpoints/${damaged?.id}/log`, 40);
    files.flipBit(`${storeFolder}/log.00000000`, 100);
    const found = await store.selfCheck();
    expect(found.damages.map(({ file, offset }) => [file, offset])).toEqual([
      ["log.00000000", 64],
      [`checkpoints/${damaged?.id}/log`, 0],
    ]);
    expect(wholeKinds(found)).toEqual([]);
    await store.close();
  });
});

test("an open store finds damage to what it committed last, which nothing else vouches for yet", async () => {
  const files = new FaultyFileSystem(1);
  const { store } = await openSmall(files);
  await putRound(store, "one", 10);
  await store.commit();
  await store.put("last", "value", "sync");
  expect((await store.selfCheck()).damages).toEqual([]);
  files.flipBit(`${storeFolder}/log.00000000`, store.stats().committed - 20);
  expect((await store.selfCheck()).damages).toMatchObject([{ file: "log.00000000" }]);
  await store.close();
});

function wholeKinds({ checkpoints }: Awaited<ReturnType<KeyValueStore["selfCheck"]>>): string[] {
  return checkpoints.filter(({ whole }) => whole).map(({ checkpoint }) => checkpoint.kind);
}

describe("damage", () => {
  test("to any byte of any file is found by a full check, and named", async () => {
    const sound = imageOf(await rich());
    const paths = [...sound.keys()].filter((path) => !path.endsWith("/lock"));
    expect(paths.length).toBeGreaterThan(12);
    for (const path of paths) {
      const size = Buffer.from(sound.get(path) ?? "", "base64").length;
      const step = Math.max(1, Math.floor(size / 23));
      for (let position = 0; position < size; position += step) {
        const files = await rich();
        files.flipBit(path, position, position % 8);
        const file = path.slice(storeFolder.length + 1);
        // The first 64 bytes of a log hold nothing, and so does what lies between its last record and the table of checksums.
        const found = await full(files);
        const note = `${file} at ${position}`;
        if (file === "log.00000000" && position < 64) continue;
        expect([note, found.state]).toEqual([note, "damaged"]);
        expect(found.damages.map((damage) => damage.file)).toContain(file);
        const places = found.damages.filter((damage) => damage.file === file);
        expect([note, places.some(({ offset }) => offset <= position)]).toEqual([note, true]);
      }
    }
  }, 60_000);

  test("in several places is found in all of them", async () => {
    const files = await rich();
    files.flipBit(`${storeFolder}/log.00000000`, 300);
    files.flipBit(`${storeFolder}/log.00000001`, 700);
    files.flipBit(`${storeFolder}/log.00000001`, 1_500);
    const found = await full(files);
    expect(found.damages.map(({ file, offset }) => [file, offset])).toEqual([
      ["log.00000000", 256],
      ["log.00000001", 640],
      ["log.00000001", 1_472],
    ]);
  });

  for (const name of ["store", "store.copy"]) {
    test(`to ${name} costs nothing: the other one counts, it is told and written again`, async () => {
      const files = await rich();
      files.flipBit(`${storeFolder}/${name}`, 60);
      expect((await full(files)).damages).toMatchObject([{ file: name, offset: 0 }]);
      const { store } = await openSmall(files, { keepCheckpoints: 9 });
      expect(store.recovery.problems).toEqual([expect.stringContaining(`${name} was written again`)]);
      await store.close();
      expect((await full(files)).damages).toEqual([]);
    });
  }

  for (const [what, harm] of harms) {
    test(`to both files of metadata (${what}) is told; opening refuses, and with repair takes what they said from the rest`, async () => {
      const files = await rich();
      const before = await full(files);
      for (const name of ["store", "store.copy"]) await harm(files, `${storeFolder}/${name}`);
      const found = await full(files);
      expect(found.damages).toMatchObject([{ file: "store" }, { file: "store.copy" }]);
      expect(found).toEqual({ ...before, state: "damaged", damages: found.damages });
      await expect(openSmall(files)).rejects.toMatchObject({
        code: "corrupt",
        message: expect.stringContaining("repair"),
      });
      const { recovery } = await repairStore(storeFolder, { files });
      expect(recovery).toMatchObject({ droppedBytes: 0, setAside: [] });
      expect(recovery.problems).toHaveLength(2);
      expect(await full(files)).toMatchObject({ state: "clean", end: before.end, sessions: before.sessions });
    });
  }

  test("to both files of metadata of a compacted log is made good by what its newest checkpoint says", async () => {
    const files = new FaultyFileSystem(1);
    const { store } = await openSmall(files);
    const session = store.session("early");
    await session.put("early", "1");
    for (const round of ["one", "two", "three"]) await putRound(store, round);
    await store.compact();
    await store.checkpoint();
    await putRound(store, "four");
    const content = await contentOf(store);
    await store.close();
    expect(files.list(storeFolder)).not.toContain("log.00000000");
    for (const name of ["store", "store.copy"]) files.flipBit(`${storeFolder}/${name}`, 60);
    await repairStore(storeFolder, { files });
    const { store: again } = await openSmall(files);
    expect(await contentOf(again)).toEqual(content);
    expect(again.session("early").durableSerial).toBe(1);
    await again.close();
  });

  test("to both files of metadata of a compacted log without a checkpoint can't be made good, and changes nothing", async () => {
    const files = new FaultyFileSystem(1);
    const { store } = await openSmall(files);
    for (const round of ["one", "two", "three"]) await putRound(store, round);
    await store.compact();
    await store.close();
    for (const name of ["store", "store.copy"]) files.flipBit(`${storeFolder}/${name}`, 60);
    const image = imageOf(files);
    const refusal = { code: "corrupt", message: expect.stringContaining("backup") };
    await expect(repairStore(storeFolder, { files })).rejects.toMatchObject(refusal);
    await expect(openSmall(files, { repair: true })).rejects.toMatchObject(refusal);
    expect(imageOf(files)).toEqual(image);
  });

  test("a segment that is missing in the middle is told, and opening refuses", async () => {
    const files = await rich();
    await files.remove(`${storeFolder}/log.00000001`);
    expect((await full(files)).damages).toMatchObject([{ file: "log.00000001", offset: 0 }]);
    for (const id of files.list(`${storeFolder}/checkpoints`))
      await files.removeFolder(`${storeFolder}/checkpoints/${id}`);
    await expect(openSmall(files)).rejects.toMatchObject({ code: "corrupt" });
  });
});
