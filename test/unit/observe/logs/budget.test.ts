import { expect, test } from "bun:test";
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type LogProblem, LogStore } from "../../../../src/observe/logs/index.ts";
import { Poller } from "../../../../src/system/index.ts";
import { withPrivateMounts } from "../../../support/private-mount.ts";
import { until } from "../../../support/until.ts";
import { captureProgram, collect, diskBytes, everything, messages, ref, scratchStore } from "./scratch.ts";

test("segments are at most an eighth of the budget, named by the position of their first byte", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["seq", "1", "10000"], { budgetBytes: 1_000_000 });
  const names = readdirSync(scratch.logs).sort();
  expect(names[0]).toBe("00000000000000000000.log");
  for (const [index, name] of names.slice(1).entries()) {
    const size = Number.parseInt(name, 10) - Number.parseInt(names[index] ?? "", 10);
    expect(size).toBeLessThanOrEqual(125_000);
    expect(size).toBe(Bun.file(join(scratch.logs, names[index] ?? "")).size);
  }
});

test("all logs together stay below the global cap, at the expense of the largest", async () => {
  const scratch = scratchStore({ globalBytes: 3_000_000 });
  await captureProgram(scratch, ["seq", "1", "1000"], { name: "small" });
  await captureProgram(scratch, ["seq", "1", "60000"], { name: "large", budgetBytes: 4_000_000 });
  const folder = (name: string) => join(scratch.folder, "logs", "default", name);
  expect(diskBytes(folder("small")) + diskBytes(folder("large"))).toBeLessThanOrEqual(3_000_000);
  expect(await messages(scratch.store.read({ ...everything, name: "small" }))).toHaveLength(1_000);
  expect((await messages(scratch.store.read({ ...everything, name: "large" }))).at(-1)).toBe("60000");
});

test("a log of a single segment gives way too, and its positions go on", async () => {
  const scratch = scratchStore({ globalBytes: 100_000 });
  for (const instance of ["api-1", "api-2", "api-3"]) {
    await captureProgram(scratch, ["seq", "1", "1500"], { instance });
  }
  expect(diskBytes(scratch.logs)).toBeLessThanOrEqual(100_000);
  const [line] = await collect(scratch.store.read({ ...everything, tail: 1 }));
  expect(Number(line?.cursor)).toBeGreaterThan(150_000);
});

test("logs that were there before the store count against the cap", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["seq", "1", "20000"], { name: "former", budgetBytes: 2_000_000 });
  scratch.store.close();
  const directory = join(scratch.folder, "logs");
  const next = scratchStore({ directory, globalBytes: 500_000 });
  next.store.note(ref, "api-1", "hello");
  const former = join(directory, "default", "former");
  await until("the cap is kept", () => diskBytes(former) <= 500_000);
  expect(await messages(next.store.read(everything))).toEqual(["hello"]);
});

test("a torn last record is cut off when the log is opened for writing", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["echo", "whole"]);
  scratch.store.close();
  const [segment = ""] = readdirSync(scratch.logs);
  appendFileSync(join(scratch.logs, segment), "2026-11-21T09:40:27.123Z api-1 stdout F to\0\0\0");
  const next = scratchStore({ directory: join(scratch.folder, "logs") });
  next.store.note(ref, "api-1", "after");
  expect(await messages(next.store.read(everything))).toEqual(["whole", "after"]);
});

test("while the disk is full a service goes on, its lines are dropped and counted, and a line marks the gap", async () => {
  const problems: LogProblem["kind"][] = [];
  let seconds = 0;
  const clock = { now: () => Date.now(), monotonic: () => performance.now() + seconds * 1_000 };
  const scratch = scratchStore({ clock, onProblem: ({ kind }) => problems.push(kind) });
  const first = join(scratch.logs, "00000000000000000000.log");
  mkdirSync(scratch.logs, { recursive: true });
  symlinkSync("/dev/full", first);
  await captureProgram(scratch, ["sh", "-c", "seq 1 50000; printf unfinished"]);
  expect(problems).toEqual(["writing_failed"]);
  rmSync(first);
  seconds += 2;
  await captureProgram(scratch, ["echo", "again"]);
  expect(problems).toEqual(["writing_failed", "writing_resumed"]);
  const lines = await collect(scratch.store.read(everything));
  expect(lines.map(({ message }) => message)).toEqual([
    "[solo] 50000 lines (288904 bytes) were dropped: the log could not be written (ENOSPC)",
    "again",
  ]);
});

test("on a file system that gets full in the middle of a record nothing but whole records remains", () => {
  const script = join(import.meta.dir, "fixtures/full-disk.ts");
  const output = withPrivateMounts(`
    mount -t tmpfs -o size=600k tmpfs /mnt
    '${process.execPath}' '${script}' /mnt`);
  const { written, full, messages } = JSON.parse(output);
  expect([full, messages.length > 20]).toEqual([false, true]);
  const kept = Array.from({ length: written - 1 }, (_, index) => String(index));
  expect(messages.slice(0, -2)).toEqual(kept);
  expect(messages.at(-2)).toMatch(/^\[solo\] 2 lines \(\d+ bytes\) were dropped/);
  expect(messages.at(-1)).toBe("after");
});

test("removeService deletes the log, and the next one begins at zero", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["echo", "old"]);
  scratch.store.removeService(ref);
  expect(existsSync(scratch.logs)).toBe(false);
  await captureProgram(scratch, ["echo", "new"]);
  expect(readdirSync(scratch.logs)).toEqual(["00000000000000000000.log"]);
  expect(await messages(scratch.store.read(everything))).toEqual(["new"]);
});

test("a log that somebody deleted by hand goes on, at the position where it was", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["echo", "old"]);
  const [old] = await collect(scratch.store.read(everything));
  scratch.store.close();
  rmSync(scratch.logs, { recursive: true });
  scratch.store.note(ref, "api-1", "new");
  const [line] = await collect(scratch.store.read(everything));
  expect(line?.message).toBe("new");
  expect(Number(line?.cursor)).toBeGreaterThan(Number(old?.cursor));
});

test("names that would leave the folder are refused", () => {
  const { store } = scratchStore();
  expect(() => store.note({ tenant: "..", name: "x" }, "api-1", "text")).toThrow("invalid name");
  expect(() => store.note(ref, "two words", "text")).toThrow(RangeError);
});

test("a store that only reads creates nothing", async () => {
  const { folder } = scratchStore();
  const poller = new Poller();
  const store = new LogStore({ directory: join(folder, "none"), poller });
  expect(await collect(store.read(everything))).toEqual([]);
  store.close();
  poller.close();
  expect(existsSync(join(folder, "none"))).toBe(false);
});
