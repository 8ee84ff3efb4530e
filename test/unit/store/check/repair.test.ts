import { describe, expect, test } from "bun:test";
import { inspectStore, type KeyValueStore } from "../../../../src/store/index.ts";
import { FaultyFileSystem } from "../../../support/faulty-files/index.ts";
import { contentOf, imageOf, openSmall, putRound, reproducible, storeFolder } from "../../../support/small-store.ts";

/** Opening with `repair` after damage to every kind of file, and opening at an older checkpoint with `at`. */

const keep = { keepCheckpoints: 9 };

interface Stage {
  readonly id: string;
  readonly content: Map<string, string>;
  readonly serial: number;
}

/** A store in the state of its last delta, which no commit has: three checkpoints, and what the store held at each. */
async function staged(): Promise<{ files: FaultyFileSystem; stages: readonly Stage[] }> {
  const files = new FaultyFileSystem(1);
  const { store, end } = await openSmall(files, { ...keep, ...reproducible(1) });
  const stages: Stage[] = [];
  for (const [round, method] of [
    ["one", "fold-over"],
    ["two", "snapshot"],
    ["three", "delta"],
  ] as const) {
    await putRound(store, round, round === "one" ? 60 : 12);
    store.session("s").put("by session", round);
    const { id } = await store.checkpoint({ method });
    stages.push({ id, content: await contentOf(store), serial: store.session("s").serial });
  }
  end();
  return { files, stages };
}

const stateOf = async (store: KeyValueStore) => ({
  content: await contentOf(store),
  serial: store.session("s").serial,
});

const pathOf = (stage: Stage | undefined, name: string) => `${storeFolder}/checkpoints/${stage?.id}/${name}`;

async function expectClean(files: FaultyFileSystem): Promise<void> {
  const found = await inspectStore(storeFolder, { files, full: true });
  expect([found.state, found.damages]).toEqual(["clean", []]);
}

describe("repair", () => {
  for (const name of ["meta", "log"]) {
    test(`falls back to the newest whole checkpoint when the ${name} of the newest is damaged, and sets it aside`, async () => {
      const { files, stages } = await staged();
      const [, second, third] = stages;
      files.flipBit(pathOf(third, name), 30, 2);
      await expect(openSmall(files, keep)).rejects.toMatchObject({ code: "corrupt" });
      const { store } = await openSmall(files, { ...keep, repair: true });
      const { recovery } = store;
      expect(recovery.setAside).toEqual([third?.id ?? ""]);
      expect(recovery.problems.join("\n")).toContain(`checkpoint ${third?.id} was set aside`);
      expect(recovery.checkpoint).toBe(second?.id);
      expect(await stateOf(store)).toEqual({ content: second?.content ?? new Map(), serial: second?.serial ?? 0 });
      await putRound(store, "after");
      await store.close();
      expect(files.list(`${storeFolder}/checkpoints/${third?.id}`)).toContain("meta.damaged");
      expect((await inspectStore(storeFolder, { files })).setAside).toEqual([third?.id ?? ""]);
      await expectClean(files);
      const { store: again } = await openSmall(files, keep);
      expect(again.recovery).toMatchObject({ problems: [], setAside: [] });
      await again.close();
    });
  }

  test("sets a delta aside with the snapshot that it is based on", async () => {
    const { files, stages } = await staged();
    const [first, second, third] = stages;
    files.flipBit(pathOf(second, "log"), 100);
    const { store } = await openSmall(files, { ...keep, repair: true });
    expect(store.recovery.setAside.toSorted()).toEqual([second?.id ?? "", third?.id ?? ""]);
    expect(await stateOf(store)).toEqual({ content: first?.content ?? new Map(), serial: first?.serial ?? 0 });
    await store.close();
    await expectClean(files);
  });

  test("of a checkpoint whose index alone is damaged takes only the index, and nothing is lost", async () => {
    const { files, stages } = await staged();
    const [, second, third] = stages;
    files.flipBit(pathOf(second, "index"), 50);
    files.flipBit(pathOf(third, "index"), 50);
    const { store } = await openSmall(files, { ...keep, repair: true });
    expect(store.recovery.setAside).toEqual([]);
    expect(store.recovery.problems.filter((text) => text.includes("goes on without its index")).length).toBe(2);
    expect(await stateOf(store)).toEqual({ content: third?.content ?? new Map(), serial: third?.serial ?? 0 });
    await store.close();
    await expectClean(files);
  });

  test("goes back to the newest state before damage to the log, be it a snapshot, and a crash at any time of it loses no more", async () => {
    const make = async () => {
      const { files } = await staged();
      const { store, end } = await openSmall(files, keep);
      await store.commit();
      await putRound(store, "four", 60);
      await store.commit();
      await putRound(store, "five", 60);
      await store.checkpoint({ method: "snapshot" });
      await putRound(store, "six", 60);
      await store.commit();
      const at = store.stats().committed - 300;
      await putRound(store, "seven", 2);
      await store.commit();
      end();
      const found = await inspectStore(storeFolder, { files });
      files.flipBit(`${storeFolder}/log.${String(Math.floor(at / 2_048)).padStart(8, "0")}`, at % 2_048);
      // Without a saved index the log is read from its beginning, so the damage is met.
      for (const { checkpoint } of found.checkpoints)
        if (checkpoint.indexChunks > 0) files.flipBit(`${storeFolder}/checkpoints/${checkpoint.id}/index`, 5);
      return files;
    };
    const repairOnce = async (files: FaultyFileSystem) => {
      const { store, end } = await openSmall(files, { ...keep, repair: true });
      const state = await stateOf(store);
      end();
      return state;
    };
    const whole = await make();
    await expect(openSmall(whole, keep)).rejects.toMatchObject({ code: "corrupt" });
    const before = whole.operations;
    const wanted = await repairOnce(whole);
    expect(wanted.content.get("key-0")).toBe("five:0");
    const took = whole.operations - before;
    const { store: reopened } = await openSmall(whole, keep);
    expect(await stateOf(reopened)).toEqual(wanted);
    await reopened.close();
    await expectClean(whole);
    expect(took).toBeGreaterThan(10);
    for (let crash = 1; crash <= took; crash += 1) {
      const files = await make();
      files.crashAt(files.operations + crash);
      await openSmall(files, { ...keep, repair: true }).catch(() => {});
      files.crash();
      expect([crash, await repairOnce(files)]).toEqual([crash, wanted]);
      const { store } = await openSmall(files, keep);
      expect([crash, await stateOf(store)]).toEqual([crash, wanted]);
      await store.close();
    }
  });

  test("changes nothing of a sound store", async () => {
    const { files, stages } = await staged();
    const checkpoints = imageOf(files, `${storeFolder}/checkpoints`);
    const { store } = await openSmall(files, { ...keep, repair: true });
    expect(store.recovery).toMatchObject({ problems: [], setAside: [], droppedBytes: 0 });
    expect((await stateOf(store)).content).toEqual(stages.at(-1)?.content ?? new Map());
    expect(imageOf(files, `${storeFolder}/checkpoints`)).toEqual(checkpoints);
    await store.close();
  });
});

describe("opening at a checkpoint", () => {
  for (const index of [0, 1, 2]) {
    test(`number ${index + 1} of 3 has its state and serials, gives up what came later, and goes on from there`, async () => {
      const { files, stages } = await staged();
      const { store: later, end } = await openSmall(files, keep);
      await putRound(later, "later", 50);
      await later.checkpoint({ method: "fold-over" });
      end();
      const stage = stages[index];
      const { store } = await openSmall(files, { ...keep, at: stage?.id ?? "" });
      expect(store.recovery).toMatchObject({ checkpoint: stage?.id, problems: [] });
      expect(store.recovery.droppedBytes).toBeGreaterThan(0);
      expect(await stateOf(store)).toEqual({ content: stage?.content ?? new Map(), serial: stage?.serial ?? 0 });
      expect(store.checkpoints.map(({ id }) => id)).toEqual(stages.slice(0, index + 1).map(({ id }) => id));
      await store.put("new", "value", "sync");
      await store.checkpoint({ method: "snapshot" });
      const wanted = await stateOf(store);
      await store.close();
      await expectClean(files);
      const { store: again } = await openSmall(files, keep);
      expect(await stateOf(again)).toEqual(wanted);
      await again.close();
    });
  }

  test("the power may go during it: what is found then is that checkpoint, or what was there before", async () => {
    const whole = await staged();
    const [first] = whole.stages;
    const before = whole.files.operations;
    await openSmall(whole.files, { ...keep, at: first?.id ?? "" });
    const took = whole.files.operations - before;
    expect(took).toBeGreaterThan(8);
    for (let crash = 1; crash <= took; crash++) {
      const { files, stages } = await staged();
      files.crashAt(files.operations + crash);
      await openSmall(files, { ...keep, at: first?.id ?? "" }).catch(() => {});
      files.crash();
      const { store } = await openSmall(files, keep);
      const found = await stateOf(store);
      const possible = stages.findIndex(({ content }) => Bun.deepEquals(content, found.content));
      expect([crash, possible >= 0, found.serial]).toEqual([crash, true, stages[possible]?.serial ?? -1]);
      await store.close();
    }
  });

  test("is refused for one that isn't there, is only an index, is damaged, or together with repair", async () => {
    const { files, stages } = await staged();
    const { store } = await openSmall(files, keep);
    const { id } = await store.checkpoint({ parts: "index" });
    await store.close();
    await expect(openSmall(files, { at: "00000099-00000000" })).rejects.toMatchObject({ code: "not_found" });
    await expect(openSmall(files, { at: id })).rejects.toMatchObject({ code: "invalid_argument" });
    await expect(openSmall(files, { at: id, repair: true })).rejects.toMatchObject({ code: "invalid_argument" });
    files.flipBit(pathOf(stages[0], "meta"), 100);
    await expect(openSmall(files, { at: stages[0]?.id ?? "" })).rejects.toMatchObject({ code: "corrupt" });
  });

  test("is refused for one whose part of the log is damaged, and changes nothing then", async () => {
    const { files, stages } = await staged();
    for (const stage of stages.slice(0, 2)) files.flipBit(pathOf(stage, "index"), 5);
    files.flipBit(`${storeFolder}/log.00000000`, 500);
    const image = imageOf(files, `${storeFolder}/checkpoints`);
    await expect(openSmall(files, { ...keep, at: stages[0]?.id ?? "" })).rejects.toMatchObject({ code: "corrupt" });
    expect(imageOf(files, `${storeFolder}/checkpoints`)).toEqual(image);
  });
});
