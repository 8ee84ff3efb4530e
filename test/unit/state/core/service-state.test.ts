import { expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SoloError } from "../../../../src/api/error.ts";
import { ServiceStates } from "../../../../src/state/index.ts";
import { systemClock } from "../../../../src/system/index.ts";
import { FaultyFileSystem } from "../../../support/faulty-files/index.ts";
import { bytes, collect, contents, open, put, remove, stateFolder, text, write } from "./workshop.ts";

setDefaultTimeout(30_000);

test("a commit is one entry: its mutations take effect together, and versions are its position", async () => {
  const state = await open(stateFolder());
  expect(await write(state, put("a", "1"), put("b", "2"))).toEqual({ position: 1 });
  expect(await write(state, put("a", "3"), remove("b"))).toEqual({ position: 2 });
  expect(text(state.get("data", "a")?.value)).toBe("3");
  expect(state.get("data", "a")?.version).toBe(2);
  expect(state.get("data", "b")).toBeUndefined();
  expect(state.get("step", "a")).toBeUndefined();
  expect(state.stats()).toMatchObject({ position: 2, keys: 1, bytes: 2, begin_position: 1, flushed_position: 0 });
  await state.close();
});

test("decide sees what all commits before it did, and what it refuses changes nothing", async () => {
  const state = await open(stateFolder());
  const add = () =>
    state.commit(({ get }) => [put("n", String(Number(text(get("data", "n")?.value) ?? 0) + 1))], { origin: "test" });
  await Promise.all(Array.from({ length: 500 }, add));
  expect(contents(state)).toEqual({ n: "500" });
  const refused = state.commit(() => new SoloError("conflict", "no"), { origin: "test" });
  await expect(refused).rejects.toMatchObject({ code: "conflict" });
  const thrown = state.commit(() => [put("n", "\ud800"), { ...put("\ud800", "") }], { origin: "test" });
  await expect(thrown).rejects.toMatchObject({ code: "invalid_request" });
  expect(state.position).toBe(500);
  await state.close();
});

test("keys come in the order of their bytes, from behind a key, with a prefix, up to a limit", async () => {
  const state = await open(stateFolder());
  const keys = ["", "a", "a:1", "a:2", "b", "é", "\ue000", "\uffff", "😀", "😀z"];
  await write(state, ...keys.toReversed().map((key) => put(key, key)));
  const sorted = keys.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  const found = (range: Parameters<typeof state.page>[1]) => state.page("data", range).map(({ key }) => key);
  expect(found({})).toEqual(sorted);
  expect(found({ prefix: "a:" })).toEqual(["a:1", "a:2"]);
  expect(found({ prefix: "a", after: "a:1" })).toEqual(["a:2"]);
  expect(found({ after: "\uffff" })).toEqual(["😀", "😀z"]);
  expect(found({ prefix: "b", after: "a" })).toEqual(["b"]);
  expect(found({ limit: 3 })).toEqual(sorted.slice(0, 3));
  expect((await collect(state.scan("data", { prefix: "😀" }))).map(({ key }) => key)).toEqual(["😀", "😀z"]);
  await state.close();
});

test("after a clean close and after a copy of its files everything is there, from log and table", async () => {
  const folder = stateFolder();
  const state = await open(folder);
  await write(state, put("kept", "1"), put("gone", "1"));
  await state.flush();
  await write(state, put("late", "2"), remove("gone"));
  const copy = stateFolder();
  cpSync(folder, copy, { recursive: true });
  await state.close();
  for (const [where, clean] of [
    [folder, true],
    [copy, false],
  ] as const) {
    const again = await open(where);
    expect(contents(again)).toEqual({ kept: "1", late: "2" });
    expect(again.get("data", "kept")?.version).toBe(1);
    expect(again.stats().recovery.clean).toBe(clean);
    const { position } = await write(again, put("next", "3"));
    if (clean) expect(position).toBe(3);
    else expect(position).toBeGreaterThan(1_000_000);
    await again.close();
    const third = await open(where);
    expect(third.position).toBe(position);
    expect(contents(third)).toEqual({ kept: "1", late: "2", next: "3" });
    await third.close();
  }
});

test("a request that is repeated is applied once, also after the state was opened again", async () => {
  const folder = stateFolder();
  let state = await open(folder);
  const request = (sequence: number) =>
    state.commit(({ get }) => [put("n", `${text(get("data", "n")?.value) ?? ""}x`)], {
      origin: "one",
      reply: { client: "one", sequence, answer: () => bytes(`answer ${sequence}`) },
    });
  expect(await request(1)).toEqual({ position: 1 });
  const again = await request(1);
  expect([again.position, text(again.remembered)]).toEqual([1, "answer 1"]);
  await state.close();
  state = await open(folder);
  expect(text((await request(1)).remembered)).toBe("answer 1");
  expect((await request(1_025)).remembered).toBeUndefined();
  expect(contents(state)).toEqual({ n: "xx" });
  expect(state.page("reply")).toHaveLength(1);
  await state.close();
});

test("a watcher is told of every durable change, from a position on, and of nothing else", async () => {
  const state = await open(stateFolder());
  await write(state, put("a:1", "1"), put("b", "1"));
  await write(state, put("a:2", "2"));
  const abort = new AbortController();
  const seen: unknown[] = [];
  const done = (async () => {
    for await (const { position, key, op, value } of state.watch("data", {
      prefix: "a:",
      after: 1,
      signal: abort.signal,
    })) {
      seen.push([position, op, key, text(value)]);
      if (seen.length === 3) abort.abort();
    }
  })();
  await write(state, remove("a:1"));
  await write(state, put("b", "3"));
  await write(state, put("a:3", "4"));
  await done;
  expect(seen).toEqual([
    [2, "put", "a:2", "2"],
    [3, "delete", "a:1", undefined],
    [5, "put", "a:3", "4"],
  ]);
  const ends = collect(state.watch("data"));
  await state.close();
  expect(await ends).toEqual([]);
});

test("a snapshot stays as it was while writers go on", async () => {
  const state = await open(stateFolder());
  await write(state, ...Array.from({ length: 1_000 }, (_, index) => put(`k${index}`, "old")));
  const snapshot = state.snapshot();
  for (let index = 0; index < 1_000; index += 3)
    await write(state, index % 2 ? remove(`k${index}`) : put(`k${index}`, "new"));
  await write(state, put("later", "new"));
  const entries = await collect(snapshot.entries());
  expect(entries).toHaveLength(1_000);
  expect(new Set(entries.map(({ value }) => text(value)))).toEqual(new Set(["old"]));
  expect([snapshot.position, snapshot.keys]).toEqual([1, 1_000]);
  snapshot.close();
  await state.close();
});

test("a reset is one entry: it replaces what differs, keeps answers, and is in the history whole", async () => {
  const folder = stateFolder();
  let state = await open(folder);
  const reply = { client: "c", sequence: 1, answer: () => bytes("done") };
  await state.commit(() => [put("same", "1"), put("changed", "1"), put("gone", "1")], { origin: "test", reply });
  const big = "x".repeat(300_000);
  const wanted: Record<string, string> = { same: "1", changed: "2" };
  for (let index = 0; index < 20; index++) wanted[`big${String(index).padStart(2, "0")}`] = `${big}${index}`;
  const source = {
    async *entries() {
      for (const [key, value] of Object.entries(wanted)) yield { space: "data" as const, key, value: bytes(value) };
    },
  };
  const during = state.reset(source, "restore");
  const after = write(state, put("late", "3"));
  expect(await during).toEqual({ position: 2 });
  expect((await after).position).toBe(3);
  const expected = { ...wanted, late: "3" };
  expect(contents(state)).toEqual(expected);
  expect([state.get("data", "same")?.version, state.get("data", "changed")?.version]).toEqual([1, 2]);
  const history = await collect(state.history(1));
  expect(history.map(({ position, origin, mutations }) => [position, origin, mutations.length])).toEqual([
    [2, "restore", 22],
    [3, "test", 1],
  ]);
  await state.close();
  state = await open(folder);
  expect(contents(state)).toEqual(expected);
  const broken = {
    async *entries() {
      for (let index = 0; index < 20; index++) yield { space: "data" as const, key: `x${index}`, value: bytes(big) };
      throw new Error("damaged");
    },
  };
  await expect(state.reset(broken, "restore")).rejects.toThrow("damaged");
  const { position } = await write(state, put("on", "1"));
  expect(position).toBe(5);
  expect(contents(state)).toEqual({ ...expected, on: "1" });
  const copy = stateFolder();
  cpSync(folder, copy, { recursive: true });
  await state.close();
  const copied = await open(copy);
  expect(contents(copied)).toEqual({ ...expected, on: "1" });
  expect((await collect(copied.history(3))).map((record) => record.position)).toEqual([5]);
  await copied.close();
});

test("history is forgotten only where the table has it, and asking for what is gone is refused", async () => {
  const folder = stateFolder();
  let state = await open(folder, { segmentBytes: 4_096 });
  for (let index = 1; index <= 300; index++) await write(state, put(`k${index}`, "v".repeat(50)));
  expect((await collect(state.history(0))).map(({ position }) => position)).toEqual(
    Array.from({ length: 300 }, (_, index) => index + 1),
  );
  expect(await state.truncateHistory(200)).toBe(200);
  expect((await collect(state.history(199))).map(({ position }) => position)[0]).toBe(200);
  await expect(collect(state.history(150))).rejects.toMatchObject({ code: "conflict" });
  expect(state.stats().begin_position).toBe(200);
  await state.close();
  state = await open(folder, { segmentBytes: 4_096 });
  expect(state.stats()).toMatchObject({ position: 300, keys: 300, begin_position: 200 });
  await expect(collect(state.history(150))).rejects.toMatchObject({ code: "conflict" });
  expect(await state.truncateHistory(1_000)).toBe(301);
  await state.close();
  state = await open(folder, { segmentBytes: 4_096 });
  expect((await write(state, put("more", "1"))).position).toBe(301);
  expect(state.stats().keys).toBe(301);
  await state.close();
});

test("quotas refuse what would take more room, and nothing else", async () => {
  const state = await open(stateFolder(), { quota: { max_keys: 2, max_bytes: 20 } });
  await write(state, put("a", "1"), put("b", "1"));
  await expect(write(state, put("c", "1"))).rejects.toMatchObject({ code: "limit_exceeded", exit: 12 });
  await write(state, remove("a"), put("c", "1"));
  await expect(write(state, put("c", "1".repeat(30)))).rejects.toMatchObject({ code: "limit_exceeded" });
  state.configure({ quota: { max_keys: 1, max_bytes: 2 } });
  await write(state, put("c", "2"));
  await write(state, remove("c"));
  expect(contents(state)).toEqual({ b: "1" });
  await state.close();
});

test("a watched pattern is flushed at once, others after their time", async () => {
  const state = await open(stateFolder(), { flushed_at_once: ["cache:*"] });
  await write(state, put("other", "1"));
  expect(state.stats().flushed_position).toBe(0);
  await write(state, put("cache:a", "1"));
  while (state.stats().flushed_position === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  expect(state.stats().flushed_position).toBe(2);
  await state.close();
});

test("when the power goes nothing acknowledged is lost, and no position comes twice", async () => {
  const files = new FaultyFileSystem(7);
  let state = await open("/state", { files });
  await write(state, put("a", "1"));
  await state.flush();
  await write(state, put("a", "2"));
  await state.commit(() => [put("lost", "1")], { origin: "test", durability: "async" });
  files.crash();
  state = await open("/state", { files });
  expect(text(state.get("data", "a")?.value)).toBe("2");
  expect((await write(state, put("b", "1"))).position).toBeGreaterThan(3);
  await state.close();
});

test("a state is open once, and one whose disk failed is opened anew with what was acknowledged", async () => {
  const files = new FaultyFileSystem(3);
  const ref = { tenant: "default", name: "one" };
  const states = new ServiceStates({ folder: "/states", clock: systemClock, files });
  const state = await states.open(ref);
  expect(await states.open(ref)).toBe(state);
  await expect(open(states.folderOf(ref), { files })).rejects.toMatchObject({ code: "locked" });
  await write(state, put("a", "1"));
  files.fail({ on: "sync", code: "EIO", path: "wal" });
  const lost = write(state, put("a", "2"));
  await expect(lost).rejects.toMatchObject({ code: "io_error", applied: "unknown" });
  await lost.catch(() => undefined);
  await expect(write(state, put("a", "3"))).rejects.toMatchObject({ code: "io_error" });
  expect(states.peek(ref)).toBeUndefined();
  const again = await states.open(ref);
  expect(again).not.toBe(state);
  expect(["1", "2"]).toContain(text(again.get("data", "a")?.value) ?? "");
  await write(again, put("a", "4"));
  await states.closeAll();
  await expect(states.open(ref)).rejects.toMatchObject({ code: "not_running" });
});

test("a failed flush loses nothing, and the next one makes up for it", async () => {
  const files = new FaultyFileSystem(4);
  const folder = "/state";
  let state = await open(folder, { files });
  await write(state, put("a", "1"));
  files.fail({ on: "write", code: "ENOSPC", path: "table", times: 100 });
  await expect(state.flush()).rejects.toMatchObject({ code: "storage_full" });
  await state.flush().catch(() => undefined);
  await write(state, put("b", "2"));
  expect(state.stats().flushed_position).toBe(0);
  files.killProcess();
  state = await open(folder, { files });
  expect(contents(state)).toEqual({ a: "1", b: "2" });
  await state.flush();
  expect(state.stats().flushed_position).toBe(state.position);
  await state.close();
});

test("a flush and a snapshot in the midst of a reset see what was before, and leave none of it behind", async () => {
  const folder = stateFolder();
  const state = await open(folder, { flush_ms: 10 });
  await write(state, put("old", "1"));
  const halfway = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const big = "x".repeat(700_000);
  const source = {
    async *entries() {
      for (let index = 0; index < 6; index++) {
        yield { space: "data" as const, key: `new${index}`, value: bytes(big) };
        if (index !== 3) continue;
        halfway.resolve();
        await goOn.promise;
      }
    },
  };
  const resetting = state.reset(source, "restore");
  await halfway.promise;
  const flushing = state.flush();
  const snapshot = state.snapshot();
  expect([snapshot.position, state.position, snapshot.keys]).toEqual([1, 1, 1]);
  goOn.resolve();
  expect(await resetting).toEqual({ position: 2 });
  await flushing;
  const copy = stateFolder();
  cpSync(folder, copy, { recursive: true });
  await state.close();
  for (const where of [folder, copy]) {
    const again = await open(where);
    expect(again.page("data").map(({ key }) => key)).toEqual(["new0", "new1", "new2", "new3", "new4", "new5"]);
    await again.close();
  }
});

test("a log that does not go on where the table ends is refused: entries in between would be left out", async () => {
  const folder = stateFolder();
  const state = await open(folder, { segmentBytes: 4_096 });
  for (let index = 1; index <= 300; index++) await write(state, put(`k${index}`, "v".repeat(50)));
  await state.truncateHistory(200);
  await state.close();
  for (const lost of ["wal", "table"]) {
    const copy = stateFolder();
    cpSync(folder, copy, { recursive: true });
    rmSync(join(copy, lost), { recursive: true });
    await expect(open(copy)).rejects.toMatchObject({ code: "storage_corrupt" });
  }
});

test("a state that is to count from a position on has no history before it", async () => {
  const folder = stateFolder();
  let state = await open(folder, { startAfter: 5_000 });
  expect(state.position).toBe(5_000);
  expect((await write(state, put("a", "1"))).position).toBe(5_001);
  for (let opening = 0; opening < 2; opening++) {
    await expect(collect(state.history(4_999))).rejects.toMatchObject({ code: "conflict" });
    expect((await collect(state.history(5_000))).map(({ position }) => position)).toEqual([5_001]);
    await state.close();
    state = await open(folder, { startAfter: 9_000 });
    expect(state.position).toBe(5_001);
  }
  await state.close();
});
