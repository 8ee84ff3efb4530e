import { expect, test } from "bun:test";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeFifo, openFifoReader } from "../../../../src/system/index.ts";
import { until } from "../../../support/until.ts";
import {
  captureProgram,
  collect,
  diskBytes,
  everything,
  messages,
  ref,
  scratchFolder,
  scratchStore,
} from "./scratch.ts";

test("a program's lines are kept with time, instance and stream", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["printf", "one\\ntwo\\n"]);
  const lines = await collect(scratch.store.read(everything));
  expect(lines.map(({ message, instance, stream }) => [message, instance, stream])).toEqual([
    ["one", "api-1", "stdout"],
    ["two", "api-1", "stdout"],
  ]);
  expect(Math.abs(Date.parse(lines[0]?.time ?? "") - Date.now())).toBeLessThan(60_000);
});

test("a last line without a newline is kept, and the next process's first line is not joined to it", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["printf", "no-newline"]);
  await captureProgram(scratch, ["printf", "next\\n"]);
  expect(await messages(scratch.store.read(everything))).toEqual(["no-newline", "next"]);
});

test("a line of 1 MB comes back whole", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["sh", "-c", "echo before; head -c 1000000 /dev/zero | tr '\\0' x; echo; echo after"]);
  expect(await messages(scratch.store.read(everything))).toEqual(["before", "x".repeat(1_000_000), "after"]);
});

test("empty lines, carriage returns, colours and NUL bytes come back as they were written", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["printf", "\\n\\r\\n\\033[31mred\\033[0m\\na\\000b\\n\\n"]);
  expect(await messages(scratch.store.read(everything))).toEqual(["", "\r", "\x1b[31mred\x1b[0m", "a\0b", ""]);
});

test("binary output does not break the log for the lines after it", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["sh", "-c", "head -c 300000 /dev/urandom; echo; echo after"]);
  expect((await messages(scratch.store.read(everything))).at(-1)).toBe("after");
});

test("a flood of 100 MB stays within a budget of 4 MB and ends with the newest lines, in constant memory", async () => {
  const scratch = scratchStore({ bytesPerSecond: 2e9 });
  await captureProgram(scratch, ["seq", "1", "200000"], { budgetBytes: 4_000_000 });
  const before = process.memoryUsage.rss();
  await captureProgram(scratch, ["seq", "1", "2000000"], { budgetBytes: 4_000_000 });
  expect(process.memoryUsage.rss() - before).toBeLessThan(60_000_000);
  expect(diskBytes(scratch.logs)).toBeLessThanOrEqual(4_000_000);
  const kept = await messages(scratch.store.read(everything));
  expect(kept.at(-1)).toBe("2000000");
  const first = Number(kept[0]);
  expect(kept).toEqual(kept.map((_, index) => String(first + index)));
  expect(kept.length).toBeGreaterThan(50_000);
}, 30_000);

test("while one service floods, the event loop and another service's lines are served", async () => {
  const scratch = scratchStore();
  const fifo = join(scratch.folder, "flood.out");
  makeFifo(fifo);
  const flood = scratch.store.capture({ ref, instance: "api-1", stream: "stdout", fifo, budgetBytes: 1_000_000 });
  const stdout = openSync(fifo, "w");
  const child = Bun.spawn(["yes"], { stdout, stdin: "ignore" });
  closeSync(stdout);
  await captureProgram(scratch, ["echo", "quiet"], { name: "other", instance: "other-1" });
  expect(await messages(scratch.store.read({ tenant: "default", name: "other", follow: false }))).toEqual(["quiet"]);
  child.kill();
  await child.exited;
  await flood.drained(5_000);
  flood.close();
});

test("services that flood together share the allowance, and each of them gets its turn", async () => {
  const scratch = scratchStore({ bytesPerSecond: 4_000_000 });
  const names = Array.from({ length: 40 }, (_, index) => `flood-${index}`);
  const floods = names.map((name) => {
    const fifo = join(scratch.folder, `${name}.out`);
    makeFifo(fifo);
    const request = { ref: { ...ref, name }, instance: name, stream: "stdout" as const, fifo, budgetBytes: 1_000_000 };
    const capture = scratch.store.capture(request);
    const stdout = openSync(fifo, "w");
    const child = Bun.spawn(["yes", "a line of a flood, neither long nor short"], { stdout, stdin: "ignore" });
    closeSync(stdout);
    return { capture, child };
  });
  const hasLines = async (name: string) =>
    (await messages(scratch.store.read({ ...everything, name, tail: 1 }))).length > 0;
  await until("a line of each", async () => (await Promise.all(names.map(hasLines))).every(Boolean));
  for (const { capture, child } of floods) {
    child.kill();
    await child.exited;
    capture.close();
  }
}, 30_000);

test("drained returns at its deadline when another process keeps the FIFO open", async () => {
  const scratch = scratchStore();
  const fifo = join(scratch.folder, "held.out");
  makeFifo(fifo);
  const capture = scratch.store.capture({ ref, instance: "api-1", stream: "stdout", fifo, budgetBytes: 1_000_000 });
  const writer = openSync(fifo, "w");
  writeSync(writer, "said\nunfinished");
  await capture.drained(50);
  expect(await messages(scratch.store.read(everything))).toEqual(["said", "unfinished"]);
  capture.close();
  closeSync(writer);
});

test("what was written while nobody captured is taken in by the next store", async () => {
  const first = scratchStore();
  const fifo = join(first.folder, "kept.out");
  makeFifo(fifo);
  const request = { ref, instance: "api-1", stream: "stdout" as const, fifo, budgetBytes: 1_000_000 };
  const guardian = openFifoReader(fifo);
  const before = first.store.capture(request);
  const writer = openSync(fifo, "w");
  writeSync(writer, "one\ntw");
  await until("what was written so far", async () => (await messages(first.store.read(everything))).length === 2);
  before.close();
  writeSync(writer, "o\nthree\n");
  closeSync(writer);
  const after = first.store.capture(request);
  await after.drained(5_000);
  after.close();
  closeSync(guardian);
  expect(await messages(first.store.read(everything))).toEqual(["one", "two", "three"]);
});

test("kill -9 of the capturing process at any moment loses no line and repeats none", async () => {
  const folder = scratchFolder();
  const fifo = join(folder, "counter.out");
  const directory = join(folder, "logs");
  makeFifo(fifo);
  const guardian = openFifoReader(fifo);
  const stdout = openSync(fifo, "w");
  const last = 2_000_000;
  const writer = Bun.spawn(["seq", "1", String(last)], { stdout, stdin: "ignore" });
  closeSync(stdout);
  let kills = 0;
  for (let drained = false; !drained; ) {
    const kernel = startCapture(directory, fifo);
    const output = kernel.stdout.getReader();
    await output.read();
    const delay = 1 + Math.floor(Math.random() * 15);
    const finished = await Promise.race([output.read().then(() => true), Bun.sleep(delay).then(() => false)]);
    kernel.kill("SIGKILL");
    await kernel.exited;
    if (finished) drained = true;
    else kills += 1;
  }
  await writer.exited;
  closeSync(guardian);
  expect(kills).toBeGreaterThan(5);
  const { store } = scratchStore({ directory });
  let expected = 1;
  for await (const line of store.read({ tenant: "default", name: "counter", follow: false })) {
    if (line.message !== String(expected))
      throw new Error(`expected ${expected}, got ${line.message} after ${kills} kills`);
    expected += 1;
  }
  expect(expected).toBe(last + 1);
}, 60_000);

function startCapture(directory: string, fifo: string) {
  const script = join(import.meta.dir, "fixtures/capture.ts");
  return Bun.spawn([process.execPath, script, directory, fifo, "40000000"], { stdout: "pipe", stderr: "inherit" });
}
