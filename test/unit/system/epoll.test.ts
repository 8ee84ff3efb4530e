import { afterEach, expect, test } from "bun:test";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeFifo, openFifoReader, openPidfd, Poller, readInto } from "../../../src/system/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";

const folder = temporaryFolder();
const pollers: Poller[] = [];
afterEach(() => {
  for (const poller of pollers.splice(0)) poller.close();
});

function newPoller(): Poller {
  const poller = new Poller();
  pollers.push(poller);
  return poller;
}

function pipe(name: string) {
  const path = join(folder, name);
  makeFifo(path);
  return { reader: openFifoReader(path), writer: openSync(path, "w") };
}

test("a handler is called when data comes, and not before", async () => {
  const { reader, writer } = pipe("data");
  const buffer = Buffer.alloc(16);
  const seen: string[] = [];
  const watch = newPoller().watch(reader, () => {
    const count = readInto(reader, buffer);
    seen.push(typeof count === "number" ? buffer.toString("latin1", 0, count) : count);
  });
  await Bun.sleep(20);
  expect(seen).toEqual([]);
  writeSync(writer, "one");
  await until("the first data", () => seen.length === 1);
  writeSync(writer, "two");
  await until("the second data", () => seen.length === 2);
  closeSync(writer);
  await until("the end", () => seen.length === 3);
  watch.close();
  closeSync(reader);
  expect(seen).toEqual(["one", "two", "closed"]);
});

test("what a handler leaves unread it is called for again, while timers and other handlers have their turn", async () => {
  const { reader, writer } = pipe("bytewise");
  const other = pipe("other");
  const poller = newPoller();
  const buffer = Buffer.alloc(1);
  let bytes = 0;
  let timers = 0;
  let others = 0;
  const timer = setInterval(() => timers++, 1);
  poller.watch(other.reader, () => {
    readInto(other.reader, buffer);
    others += 1;
  });
  poller.watch(reader, () => {
    if (typeof readInto(reader, buffer) === "number") bytes += 1;
    if (bytes < 5_000) poller.hurry();
  });
  writeSync(writer, Buffer.alloc(5_000));
  writeSync(other.writer, "x");
  await until("all bytes", () => bytes === 5_000);
  clearInterval(timer);
  expect(others).toBe(1);
  expect(timers).toBeGreaterThan(0);
  for (const fd of [reader, writer, other.reader, other.writer]) closeSync(fd);
});

test("a closed watch is silent, even within the turn in which its descriptor became readable", async () => {
  const poller = newPoller();
  const pipes = [pipe("a"), pipe("b")];
  const watches: { close(): void }[] = [];
  let calls = 0;
  for (const { reader } of pipes) {
    watches.push(
      poller.watch(reader, () => {
        calls += 1;
        for (const watch of watches) watch.close();
      }),
    );
  }
  for (const { writer } of pipes) writeSync(writer, "x");
  await until("one call", () => calls > 0);
  await Bun.sleep(20);
  expect(calls).toBe(1);
  for (const { reader, writer } of pipes) {
    closeSync(reader);
    closeSync(writer);
  }
});

test("a pidfd tells the end of a process", async () => {
  const child = Bun.spawn(["sleep", "100"]);
  const pidfd = openPidfd(child.pid);
  if (pidfd === undefined) throw new Error("the process is gone");
  let ended = false;
  const watch = newPoller().watch(pidfd, () => {
    ended = true;
    watch.close();
    closeSync(pidfd);
  });
  child.kill("SIGKILL");
  await until("the end of the process", () => ended);
  await child.exited;
});

test("each of 1,000 FIFOs that become readable at once is served", async () => {
  const poller = newPoller();
  const buffer = Buffer.alloc(8);
  const served = new Set<number>();
  const pipes = Array.from({ length: 1_000 }, (_, index) => pipe(`many-${index}`));
  for (const { reader } of pipes) {
    poller.watch(reader, () => {
      readInto(reader, buffer);
      served.add(reader);
    });
  }
  for (const { writer } of pipes) writeSync(writer, "x");
  await until("all of them", () => served.size === pipes.length);
  poller.close();
  for (const { reader, writer } of pipes) {
    closeSync(reader);
    closeSync(writer);
  }
});

test("a descriptor that can't be watched is refused with the system's reason", () => {
  expect(() => newPoller().watch(9_999, () => {})).toThrow("EBADF");
});
