import { expect, test } from "bun:test";
import { openSync, readdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { SoloError } from "../../../../src/api/index.ts";
import { makeFifo } from "../../../../src/system/index.ts";
import { until } from "../../../support/until.ts";
import { captureProgram, collect, everything, messages, ref, scratchStore } from "./scratch.ts";

const small = { budgetBytes: 1_000_000 };

test("a service without a log has no lines", async () => {
  expect(await collect(scratchStore().store.read(everything))).toEqual([]);
});

test("tail gives the last lines, across segments, and all when there are fewer", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["seq", "1", "10000"], small);
  expect(readdirSync(scratch.logs).length).toBeGreaterThan(2);
  expect(await messages(scratch.store.read({ ...everything, tail: 3 }))).toEqual(["9998", "9999", "10000"]);
  expect((await messages(scratch.store.read({ ...everything, tail: 9_000 })))[0]).toBe("1001");
  expect(await messages(scratch.store.read({ ...everything, tail: 20_000 }))).toHaveLength(10_000);
  expect(await messages(scratch.store.read({ ...everything, tail: 0 }))).toEqual([]);
});

test("tail counts only lines that grep and instance let through", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["seq", "1", "5000"], { ...small, instance: "api-1" });
  await captureProgram(scratch, ["seq", "6001", "16000"], { ...small, instance: "api-2" });
  const query = { ...everything, tail: 2, grep: "00$", instance: "api-1" };
  expect(await messages(scratch.store.read(query))).toEqual(["4900", "5000"]);
});

test("the last lines of one instance are looked for near the end only, whatever others wrote", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["seq", "1", "50"], { instance: "api-1" });
  expect(await scratch.store.tail(ref, "api-1", 2)).toEqual(["49", "50"]);
  await captureProgram(scratch, ["seq", "100000", "140000"], { instance: "api-2" });
  expect(await scratch.store.tail(ref, "api-1", 2)).toEqual([]);
  expect(await scratch.store.tail(ref, "api-2", 2)).toEqual(["139999", "140000"]);
  await captureProgram(scratch, ["seq", "60", "61"], { instance: "api-1" });
  expect(await scratch.store.tail(ref, "api-1", 20)).toEqual(["60", "61"]);
});

test("a long line at the end of the tail is whole", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["sh", "-c", "seq 1 100; head -c 900000 /dev/zero | tr '\\0' x; echo"]);
  expect((await messages(scratch.store.read({ ...everything, tail: 1 })))[0]).toHaveLength(900_000);
});

test("since_cursor goes on exactly after the line it came from", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["seq", "1", "5000"], small);
  const lines = await collect(scratch.store.read(everything));
  const since_cursor = lines[1233]?.cursor;
  expect((await messages(scratch.store.read({ ...everything, since_cursor })))[0]).toBe("1235");
  const last = lines.at(-1)?.cursor;
  expect(await messages(scratch.store.read({ ...everything, since_cursor: last }))).toEqual([]);
});

test("a cursor whose lines were deleted goes on at the oldest line kept, and a line says so", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["seq", "1", "100"], small);
  const since_cursor = (await collect(scratch.store.read(everything)))[9]?.cursor;
  await captureProgram(scratch, ["seq", "101", "40000"], small);
  const lines = await collect(scratch.store.read({ ...everything, since_cursor }));
  expect(lines[0]?.instance).toBe("solo");
  expect(lines[0]?.message).toMatch(/^\[solo\] \d+ bytes of older lines were deleted/);
  expect(lines.at(-1)?.message).toBe("40000");
});

test("since leaves out what is older", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["echo", "old"]);
  const since = new Date(Date.now() + 1).toISOString();
  await until("the next millisecond", () => new Date().toISOString() > since);
  await captureProgram(scratch, ["echo", "new"]);
  expect(await messages(scratch.store.read({ ...everything, since }))).toEqual(["new"]);
  expect(await messages(scratch.store.read({ ...everything, since, tail: 5 }))).toEqual(["new"]);
});

test("an invalid or dangerous expression and an invalid cursor are usage errors with a hint", async () => {
  const { store } = scratchStore();
  const bad = [{ grep: "(" }, { grep: "(a+)+$" }, { grep: "(a|a)*b" }, { since_cursor: "here" }];
  for (const query of bad) {
    const error = await collect(store.read({ ...everything, ...query })).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SoloError);
    if (error instanceof SoloError) expect([error.code, typeof error.hint]).toEqual(["usage", "string"]);
  }
});

test("follow shows lines as they come, an unfinished one after a silence, and ends with the signal", async () => {
  const scratch = scratchStore();
  const fifo = join(scratch.folder, "follow.out");
  makeFifo(fifo);
  const capture = scratch.store.capture({ ref, instance: "api-1", stream: "stdout", fifo, ...small });
  const writer = openSync(fifo, "w");
  writeSync(writer, "first\n");
  const stop = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const { message } of scratch.store.read({ ...ref, follow: true }, stop.signal)) seen.push(message);
  })();
  await until("the first line", () => seen.length === 1);
  writeSync(writer, "Password: ");
  await until("the prompt", () => seen.length === 2);
  writeSync(writer, "\nwelcome\n");
  await until("the rest", () => seen.includes("welcome"));
  stop.abort();
  await following;
  capture.close();
  expect(seen.filter((line) => line !== "")).toEqual(["first", "Password: ", "welcome"]);
});

test("a follower slower than the log is told what it missed and goes on", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["seq", "1", "1000"], small);
  const stop = new AbortController();
  const lines = scratch.store.read({ ...ref, follow: true }, stop.signal);
  expect((await lines.next()).value?.message).toBe("1");
  await captureProgram(scratch, ["seq", "1001", "60000"], small);
  const seen: string[] = [];
  for await (const { message } of lines) {
    seen.push(message);
    if (message === "60000") break;
  }
  stop.abort();
  expect(seen.filter((message) => message.startsWith("[solo]"))).toHaveLength(1);
});

test("a follower of a removed service sees the lines of the next one of that name", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["echo", "old"]);
  const lines = scratch.store.read({ ...ref, follow: true });
  expect((await lines.next()).value?.message).toBe("old");
  const next = lines.next();
  scratch.store.removeService(ref);
  await captureProgram(scratch, ["echo", "new"]);
  expect((await next).value?.message).toBe("new");
  await lines.return(undefined);
});

test("the kernel's own lines are kept beside the instance's, one record per line", async () => {
  const { store } = scratchStore();
  store.note(ref, "api-1", "host failed:\n  no such file\n");
  const lines = await collect(store.read(everything));
  expect(lines.map(({ message, stream }) => [message, stream])).toEqual([
    ["host failed:", "stderr"],
    ["  no such file", "stderr"],
  ]);
  expect(await store.tail(ref, "api-1", 1)).toEqual(["  no such file"]);
  expect(await store.tail(ref, "api-2", 1)).toEqual([]);
});

test("what is no record is passed over", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["echo", "good"]);
  const [segment = ""] = readdirSync(scratch.logs);
  const path = join(scratch.logs, segment);
  const good = await Bun.file(path).text();
  writeFileSync(path, `garbage\n\n${good}\0\0\0\n${good}torn off he`);
  expect(await messages(scratch.store.read(everything))).toEqual(["good", "good"]);
  rmSync(path);
  expect(await messages(scratch.store.read(everything))).toEqual([]);
});
