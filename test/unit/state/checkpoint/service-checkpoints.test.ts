import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeFileSystem } from "../../../../src/store/file/index.ts";
import { HandClock } from "../../../support/hand-clock.ts";
import { open, put, remove, stateFolder, write } from "../core/workshop.ts";
import { checkpointsIn, contentsOf, everything, subject } from "./workshop.ts";

const retention = { keep_ms: 86_400_000, keep_count: 100, keep_bytes: 2 ** 30 };

test("a checkpoint holds the state of its position, while writers go on", async () => {
  const folder = stateFolder();
  const state = await open(folder);
  const { checkpoints } = checkpointsIn(folder);
  await write(state, put("a", "1"), put("b", "2"));
  const making = checkpoints.create(state, "manual", subject);
  for (let n = 0; n < 100; n++) await write(state, put("a", String(n)));
  const info = await making;
  expect(info).toMatchObject({ entries: 2, reason: "manual", parent: null, revision: "r1" });
  expect(checkpoints.catalog.list()).toEqual([info]);
  const value = info.position === 1 ? "1" : String(info.position - 2);
  expect(await contentsOf(await checkpoints.past({ id: info.id }, state))).toEqual({ a: value, b: "2" });
  const second = await checkpoints.create(state, "manual", subject);
  expect(second).toMatchObject({ position: 101, parent: info.id });
  await state.close();
});

test("one on an interval is made only when the state has changed", async () => {
  const folder = stateFolder();
  const state = await open(folder);
  const { checkpoints } = checkpointsIn(folder);
  expect(await checkpoints.createIfChanged(state, "interval", subject)).toBeUndefined();
  await write(state, put("a", "1"));
  expect(await checkpoints.createIfChanged(state, "interval", subject)).toMatchObject({ position: 1 });
  expect(await checkpoints.createIfChanged(state, "interval", subject)).toBeUndefined();
  expect(checkpoints.catalog.list()).toHaveLength(1);
  await state.close();
});

test("points between checkpoints, before the first one and at a time are reached along the log", async () => {
  const folder = stateFolder();
  const clock = new HandClock();
  clock.wall = 1_000_000;
  const state = await open(folder, { clock });
  const { checkpoints } = checkpointsIn(folder, { clock });
  for (let n = 1; n <= 10; n++) {
    clock.pass(1_000);
    await write(state, put("n", String(n)), n % 3 === 0 ? remove("odd") : put("odd", String(n)));
    if (n === 4 || n === 8) await checkpoints.create(state, "manual", subject);
  }
  const at = async (point: Parameters<typeof checkpoints.past>[0]) => checkpoints.past(point, state);
  expect(await contentsOf(await at({ position: 2 }))).toEqual({ n: "2", odd: "2" });
  expect(await contentsOf(await at({ position: 6 }))).toEqual({ n: "6" });
  expect(await at({ position: 6 })).toMatchObject({ position: 6, time: 1_006_000, replayed: 2 });
  expect(await contentsOf(await at({ time: 1_009_500 }))).toEqual({ n: "9" });
  expect((await at({ position: 8 })).replayed).toBe(0);
  await expect(at({ position: 11 })).rejects.toMatchObject({ code: "invalid_request" });
  await expect(at({ time: clock.now() + 1 })).rejects.toMatchObject({ code: "invalid_request" });
  await expect(at({ id: "20200101-000000-aaaaaa" })).rejects.toMatchObject({ code: "not_found" });
  await state.close();
});

test("a restore replaces the state as one entry with a new position", async () => {
  const folder = stateFolder();
  const state = await open(folder);
  const { checkpoints } = checkpointsIn(folder);
  await write(state, put("a", "1"), put("b", "1"));
  await checkpoints.create(state, "manual", subject);
  await write(state, put("a", "2"), remove("b"), put("c", "2"));
  const { position } = await state.reset(await checkpoints.past({ position: 1 }, state), "restore");
  expect(position).toBe(3);
  expect(everything(state)).toEqual({ a: "1", b: "1" });
  const back = await checkpoints.past({ position: 2 }, state);
  expect(await contentsOf(back)).toEqual({ a: "2", c: "2" });
  await state.close();
});

test("a damaged copy is told of: the second copy serves, then the checkpoint before it and a longer log", async () => {
  const folder = stateFolder();
  const backupFolder = join(stateFolder(), "default", "svc");
  const state = await open(folder);
  const { checkpoints, troubles } = checkpointsIn(folder, { backupFolder });
  await write(state, put("a", "1"));
  await checkpoints.create(state, "manual", subject);
  await write(state, put("a", "2"));
  const newest = await checkpoints.create(state, "manual", subject);
  const [first = "", second = ""] = checkpoints.catalog.copies(newest.id).map(({ path }) => path);
  expect(readFileSync(first)).toEqual(readFileSync(second));
  damage(first);
  expect(await contentsOf(await checkpoints.past({ id: newest.id }, state))).toEqual({ a: "2" });
  expect(troubles).toMatchObject([{ type: "damaged", copy: { id: newest.id, kind: "first" } }]);
  damage(second);
  const past = await checkpoints.past({ id: newest.id }, state);
  expect(past).toMatchObject({ position: 2, replayed: 1, base: { position: 1 } });
  expect(await contentsOf(past)).toEqual({ a: "2" });
  expect(troubles).toHaveLength(3);
  expect(await checkpoints.verify(newest.id)).toMatchObject({
    copies: [{ problem: { code: "storage_corrupt" } }, { problem: { code: "storage_corrupt" } }],
  });
  await state.close();
});

test("a second copy that can't be made is told of, and the first one counts", async () => {
  const folder = stateFolder();
  const state = await open(folder);
  const { checkpoints, troubles } = checkpointsIn(folder, { backupFolder: "/proc/none/default/svc" });
  await write(state, put("a", "1"));
  const info = await checkpoints.create(state, "manual", subject);
  expect(checkpoints.catalog.copies(info.id)).toHaveLength(1);
  expect(troubles).toMatchObject([{ type: "no_second_copy", id: info.id }]);
  await state.close();
});

test("the log is cut only behind the oldest checkpoint that is kept", async () => {
  const folder = stateFolder();
  const state = await open(folder);
  const { checkpoints } = checkpointsIn(folder);
  for (let n = 1; n <= 30; n++) {
    await write(state, put("n", String(n)));
    if (n % 10 === 0) await checkpoints.create(state, "manual", subject);
  }
  const gone = await checkpoints.prune({ ...retention, keep_count: 2 }, state);
  expect(gone.map(({ position }) => position)).toEqual([10]);
  expect(state.stats().begin_position).toBe(21);
  expect(await contentsOf(await checkpoints.past({ position: 20 }, state))).toEqual({ n: "20" });
  expect(await contentsOf(await checkpoints.past({ position: 25 }, state))).toEqual({ n: "25" });
  await expect(checkpoints.past({ position: 19 }, state)).rejects.toMatchObject({ code: "conflict" });
  await state.close();
});

test("what was exported is imported elsewhere after all of it was checked, and can be restored there", async () => {
  const [here, there] = [stateFolder(), stateFolder()];
  const file = join(here, "portable");
  const state = await open(here);
  const { checkpoints } = checkpointsIn(here);
  await write(state, put("a", "1"));
  const info = await checkpoints.create(state, "manual", subject);
  await checkpoints.export("latest", file);
  await expect(checkpoints.export(info.id, file)).rejects.toMatchObject({ code: "conflict" });
  const other = await open(there);
  const { checkpoints: others } = checkpointsIn(there, { name: "other" });
  const taken = await others.import(file);
  expect(taken).toMatchObject({
    service: "other",
    reason: "import",
    parent: info.id,
    foreign: { tenant: "default", service: "svc" },
    sha256: info.sha256,
  });
  await other.reset(await others.past({ id: taken.id }, other), "restore");
  expect(everything(other)).toEqual({ a: "1" });
  damage(file);
  await expect(others.import(file)).rejects.toMatchObject({ code: "storage_corrupt" });
  await expect(others.import(join(here, "none"))).rejects.toMatchObject({ code: "file_not_found" });
  expect(others.catalog.list()).toHaveLength(1);
  await Promise.all([state.close(), other.close()]);
});

test("a fork begins with a copy of the checkpoint under its own name, and leads on from there", async () => {
  const [here, there] = [stateFolder(), stateFolder()];
  const state = await open(here);
  const { checkpoints } = checkpointsIn(here);
  await write(state, put("a", "1"));
  const base = await checkpoints.create(state, "manual", subject);
  const fork = await open(there);
  const { checkpoints: forks } = checkpointsIn(there, { name: "fork" });
  const { position } = await fork.reset(await checkpoints.past({ id: base.id }, state), "fork");
  const own = await forks.adopt(checkpoints, base, { ...subject, position, time: Date.now(), reason: "fork" });
  expect(own).toMatchObject({ service: "fork", reason: "fork", parent: base.id, position, sha256: base.sha256 });
  await write(fork, put("a", "2"));
  await write(state, put("a", "3"));
  expect(await contentsOf(await forks.past({ position: position + 1 }, fork))).toEqual({ a: "2" });
  expect(everything(state)).toEqual({ a: "3" });
  await Promise.all([state.close(), fork.close()]);
});

test("what a kernel that died was writing is removed by the next one and never counts", async () => {
  const folder = stateFolder();
  const state = await open(folder);
  await write(state, put("a", "1"));
  nodeFileSystem.makeFolder(join(folder, "checkpoints"));
  writeFileSync(join(folder, "checkpoints", "20261121-120000-abcdef.checkpoint.new"), "half");
  const { checkpoints } = checkpointsIn(folder);
  expect(checkpoints.catalog.list()).toEqual([]);
  await checkpoints.create(state, "manual", subject);
  expect(nodeFileSystem.list(join(folder, "checkpoints"))).toHaveLength(1);
  await state.close();
});

function damage(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 0x10;
  writeFileSync(path, bytes);
}
