import { expect, test } from "bun:test";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { LogLine } from "../../../../src/api/index.ts";
import { makeFifo } from "../../../../src/system/index.ts";
import { captureProgram, everything, messages, ref, scratchStore } from "./scratch.ts";

/** Many who follow one log share what is read of it: each of them sees what it would see alone. */

const small = { budgetBytes: 200_000 };
const following = { ...ref, follow: true };

/** What a follower sees up to the line `end`, resting after so many lines for so many turns of the event loop. */
async function follow(source: AsyncIterable<LogLine>, restAfter = 0): Promise<LogLine[]> {
  const seen: LogLine[] = [];
  for await (const line of source) {
    if (line.message === "end") break;
    seen.push(line);
    if (restAfter > 0 && seen.length % restAfter === 0) await Bun.sleep(1);
  }
  return seen;
}

/** Writes to a log in pieces, with turns of the event loop between them. */
async function write({ store, folder }: ReturnType<typeof scratchStore>, pieces: readonly string[], stream = "stdout") {
  const fifo = join(folder, `pieces-${stream}`);
  makeFifo(fifo);
  const isOutput = stream === "stdout";
  const capture = store.capture({
    ...{ ref, instance: "api-1", stream: isOutput ? "stdout" : "stderr", fifo, budgetBytes: 64_000_000 },
  });
  const writer = openSync(fifo, "w");
  for (const piece of pieces) {
    writeSync(writer, piece);
    await Bun.sleep(0);
  }
  closeSync(writer);
  await capture.drained(30_000);
  capture.close();
}

test("followers of every pace and beginning see every line once and in order", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["seq", "1", "500"]);
  const { cursor } = (await Array.fromAsync(scratch.store.read({ ...everything, tail: 100 })))[0] ?? { cursor: "" };
  const read = (query: object) => scratch.store.read({ ...following, ...query });
  const seen = [
    ...Array.from({ length: 60 }, () => follow(read({}))),
    ...[20, 70, 1_000].map((restAfter) => follow(read({}), restAfter)),
    follow(read({ since_cursor: cursor })),
    follow(read({ tail: 0 })),
    follow(read({ grep: "99$|end" }), 1),
  ];
  const half = Array.from({ length: 4_000 }, (_, index) => `${index + 501}\n`);
  // The last piece of a line comes with the beginning of the next.
  const text = half.join("").match(/[\s\S]{1,37}/g) ?? [];
  await Bun.sleep(0);
  await write(scratch, [...text, "end\n"]);
  const all = (await messages(scratch.store.read(everything))).filter((message) => message !== "end");
  expect(all).toHaveLength(4_500);
  const results = (await Promise.all(seen)).map((lines) => lines.map(({ message }) => message));
  for (const result of results.slice(0, 63)) expect(result).toEqual(all);
  expect(results[63]).toEqual(all.slice(401));
  expect(results[64]).toEqual(all.slice(all.length - (results[64]?.length ?? 0)));
  expect(results[65]).toEqual(all.filter((message) => message.endsWith("99")));
});

test("one who is behind an unfinished line of another stream has cursors of its own", async () => {
  const scratch = scratchStore();
  const [early, other] = [scratch.store.read(following), scratch.store.read(following)];
  const seen = [follow(early), follow(other)];
  await write(scratch, ["beginning "], "stderr");
  const late = follow(scratch.store.read({ ...following, tail: 0 }));
  await write(scratch, ["one\n", "two\n", "end\n"]);
  const [first = [], second = []] = await Promise.all(seen);
  expect(first).toEqual(second);
  expect((await late).map(({ message }) => message)).toContain("two");
});

test("followers of different pace are each told what they missed", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["seq", "1", "10"], small);
  const slow = Array.from({ length: 3 }, () => scratch.store.read(following));
  const quick = Array.from({ length: 3 }, () => follow(scratch.store.read(following)));
  for (const one of slow) expect((await one.next()).value?.message).toBe("1");
  await captureProgram(scratch, ["sh", "-c", "seq 11 60000; echo end"], small);
  for (const one of slow) {
    const seen = (await follow(one)).map(({ message }) => message);
    expect(seen.filter((message) => message.startsWith("[solo]"))).toHaveLength(1);
    expect(seen.at(-1)).toBe("60000");
  }
  for (const seen of await Promise.all(quick)) expect(seen.at(-1)?.message).toBe("60000");
});

test("all followers of a removed service see the lines of the next one of that name", async () => {
  const scratch = scratchStore();
  await captureProgram(scratch, ["echo", "old"]);
  const all = Array.from({ length: 60 }, () => scratch.store.read(following));
  for (const one of all) expect((await one.next()).value?.message).toBe("old");
  const next = all.map((one) => follow(one));
  scratch.store.removeService(ref);
  await captureProgram(scratch, ["sh", "-c", "echo new; echo end"]);
  for (const seen of await Promise.all(next)) expect(seen.map(({ message }) => message)).toEqual(["new"]);
});
