import { describe, expect, test } from "bun:test";
import { StoreError } from "../../../../src/store/index.ts";
import { makeBlock, writeEntry } from "../../../../src/store/log/entry-format.ts";
import type { DurableLog } from "../../../../src/store/log/index.ts";
import { FaultyFileSystem } from "../../../support/faulty-files/index.ts";
import { openOn } from "../../../support/log-model.ts";
import { seededRandom } from "../../../support/random.ts";

/** Bits that flip, blocks that change places, files that disappear: it is told, and nothing wrong is ever served. */

const segment = "/log/segment-00000000000000.log";
const entryOf = (index: number) => `${index}:`.padEnd(100, "abc");

/** A log of ten entries, each in a commit of its own, whose owner died without an orderly end. */
async function killedLog(seed = 1, options: { segmentBytes?: number } = {}): Promise<FaultyFileSystem> {
  const files = new FaultyFileSystem(seed);
  const log = await openOn(files, options);
  for (let index = 0; index < 10; index++) await log.appendDurably(Buffer.from(entryOf(index)));
  await untilMarked();
  files.killProcess();
  return files;
}

/** The mark is written in the turn of the event loop after the one in which the log came to rest. */
async function untilMarked(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
}

async function texts(log: DurableLog): Promise<string[]> {
  return (await Array.fromAsync(log.scan())).map(({ payload }) => Buffer.from(payload).toString());
}

async function failureOf(act: () => Promise<unknown>): Promise<StoreError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error("nothing failed");
}

const stride = 120;
const positionOf = (index: number) => 64 + stride * index;

describe("damage in the middle", () => {
  test.each([0, 4, 8, 9])("of durable entry %d is refused, naming the place; `repair` cuts there", async (index) => {
    const files = await killedLog();
    files.flipBit(segment, positionOf(index) + 50, 3);
    const failure = await failureOf(() => openOn(files));
    expect(failure.code).toBe("corrupt");
    expect(failure.message).toContain(`damaged at address ${stride * index}, sequence ${index + 1}`);
    expect((await failureOf(() => openOn(files))).code).toBe("corrupt");
    const log = await openOn(files, { repair: true });
    expect(log.recovery.cut).toMatchObject({ address: stride * index, entries: 9 - index, repaired: true });
    expect(await texts(log)).toEqual(Array.from({ length: index }, (_, each) => entryOf(each)));
    await log.appendDurably(Buffer.from("new"));
    files.crash();
    expect((await texts(await openOn(files))).at(-1)).toBe("new");
  });

  test("found after an orderly end by whoever reads, and by the check; the good entries before it are served", async () => {
    const files = await killedLog();
    await (await openOn(files)).close();
    files.flipBit(segment, positionOf(5), 0);
    const log = await openOn(files);
    const served: string[] = [];
    const failure = await failureOf(async () => {
      for await (const { payload } of log.scan()) served.push(Buffer.from(payload).toString());
    });
    expect(failure.code).toBe("corrupt");
    expect(served).toEqual([0, 1, 2, 3, 4].map(entryOf));
    expect(await log.selfCheck()).toMatchObject({ ok: false, entries: 5, verifiedTo: stride * 5 });
    await log.close();
    const repaired = await openOn(files, { repair: true });
    expect(repaired.recovery.cut).toMatchObject({ address: stride * 5, repaired: true });
    expect(await texts(repaired)).toEqual([0, 1, 2, 3, 4].map(entryOf));
  });

  test("a missing segment, first, middle or last", async () => {
    for (const missing of [0, 1, 2]) {
      const files = await killedLog(1, { segmentBytes: 4_096 });
      const log = await openOn(files, { segmentBytes: 4_096 });
      for (let index = 0; index < 100; index++) await log.appendDurably(Buffer.from(entryOf(index)));
      await untilMarked();
      files.killProcess();
      const segments = files.list("/log").filter((name) => name.startsWith("segment"));
      expect(segments.length).toBeGreaterThan(3);
      const gone = [segments[0], segments[1], segments.at(-1)][missing];
      await files.remove(`/log/${gone}`);
      await files.syncFolder("/log");
      expect((await failureOf(() => openOn(files))).code).toBe("corrupt");
      const repaired = await openOn(files, { repair: true });
      expect((await repaired.selfCheck()).ok).toBe(true);
      await repaired.close();
    }
  });

  test("an entry whose sequence doesn't follow the one before, whole as it is", async () => {
    const files = await killedLog();
    const block = makeBlock(stride);
    const at = { address: stride * 4, sequence: 4, durable: stride * 3 };
    writeEntry(block, 0, Buffer.from(entryOf(3)), at.address, at.sequence, 0, at.durable, 7);
    files.open(segment, "write").writeSync(block.bytes, positionOf(4));
    expect((await failureOf(() => openOn(files))).message).toContain(`damaged at address ${stride * 4}, sequence 5`);
  });

  test("a segment that belongs to another log is not this one's", async () => {
    const files = await killedLog();
    const other = new FaultyFileSystem(1);
    const log = await openOn(other, { identity: 8 });
    for (let index = 0; index < 10; index++) await log.appendDurably(Buffer.from(entryOf(index)));
    const file = files.open(segment, "write");
    file.writeSync(other.bytesOf(segment), 0);
    expect((await failureOf(() => openOn(files))).code).toBe("corrupt");
  });

  test("[fault 5.5: XOR] two words that change places, and whole entries that do", async () => {
    for (const length of [4, stride]) {
      const files = await killedLog();
      const file = files.open(segment, "write");
      const [one, two] = [new Uint8Array(length), new Uint8Array(length)];
      const [at, other] = [positionOf(3) + (length === 4 ? 20 : 0), positionOf(4) + (length === 4 ? 24 : 0)];
      file.readSync(one, at);
      file.readSync(two, other);
      expect(one).not.toEqual(two);
      file.writeSync(two, at);
      file.writeSync(one, other);
      expect((await failureOf(() => openOn(files))).code).toBe("corrupt");
    }
  });
});

describe("a torn tail", () => {
  test("is cut, and reported", async () => {
    const files = await killedLog();
    const file = files.open(segment, "write");
    file.writeSync(new Uint8Array(30).fill(7), positionOf(10));
    const log = await openOn(files);
    expect(log.recovery.cut).toEqual({ address: stride * 10, bytes: 32, entries: 0, repaired: false });
    expect((await texts(log)).length).toBe(10);
    await log.close();
    expect((await openOn(files)).recovery.cut).toBeNull();
  });

  test("of unacknowledged entries whose beginning was lost and whose end wasn't is no damage", async () => {
    const files = new FaultyFileSystem(1);
    const log = await openOn(files);
    await log.appendDurably(Buffer.from(entryOf(0)));
    files.fail({ on: "sync", code: "EIO" });
    for (let index = 1; index < 6; index++) log.append(Buffer.from(entryOf(index)));
    await failureOf(() => log.commit());
    files.killProcess();
    files.open(segment, "write").writeSync(new Uint8Array(40), positionOf(1));
    const again = await openOn(files);
    expect(again.recovery.cut).toMatchObject({ address: stride, entries: 4, repaired: false });
    expect(await texts(again)).toEqual([entryOf(0)]);
  });

  test("a payload that looks like an entry of the log doesn't pass for one", async () => {
    const files = await killedLog();
    const stolen = new Uint8Array(stride);
    files.open(segment, "read").readSync(stolen, positionOf(9));
    const log = await openOn(files);
    log.append(stolen);
    await log.commit();
    files.killProcess();
    files.open(segment, "write").writeSync(new Uint8Array(4).fill(9), positionOf(10));
    const again = await openOn(files);
    expect(again.recovery.cut).toMatchObject({ address: stride * 10, entries: 0 });
    expect(await texts(again)).toEqual(Array.from({ length: 10 }, (_, index) => entryOf(index)));
  });
});

describe("metadata", () => {
  test("[fault 5.5: rewritten in place] one lost slot is enough to open, and told; both are refused", async () => {
    for (const slot of [0, 8_192]) {
      const files = await killedLog();
      files.flipBit("/log/log.meta", slot + 40, 1);
      const log = await openOn(files);
      expect(log.recovery.lostSlot).toBe(true);
      expect((await texts(log)).length).toBe(10);
      await log.close();
      expect((await openOn(files)).recovery.lostSlot).toBe(false);
    }
    const files = await killedLog();
    files.flipBit("/log/log.meta", 40, 1);
    files.flipBit("/log/log.meta", 8_192 + 40, 1);
    expect((await failureOf(() => openOn(files))).code).toBe("corrupt");
  });

  test("whose last sync failed is made durable before the other slot, all that the disk may have, is written over", async () => {
    for (let seed = 0; seed < 200; seed++) {
      const files = await killedLog(seed);
      const log = await openOn(files);
      // Enough to make a slot larger than a sector, so that it can be torn.
      for (let index = 0; index < 40; index++) log.iterator(`${index}`.padEnd(64, "-"));
      await log.commit();
      await log.truncateBefore(stride);
      files.fail({ on: "sync", code: "EIO", path: "log.meta" });
      expect((await failureOf(() => log.truncateBefore(log.committed))).code).toBe("io_error");
      files.killProcess();
      files.crashAt(files.operations + 1 + (seed % 12));
      await openOn(files).catch(() => undefined);
      files.crash();
      const again = await openOn(files);
      expect([0, 9]).toContain((await texts(again)).length);
    }
  });

  test("segments without metadata are refused, never written over", async () => {
    const files = await killedLog();
    await files.remove("/log/log.meta");
    expect((await failureOf(() => openOn(files))).code).toBe("corrupt");
    expect(files.list("/log")).toContain("segment-00000000000000.log");
  });

  test("of a later format is refused as such", async () => {
    const files = await killedLog();
    const bytes = files.bytesOf("/log/log.meta");
    const view = new DataView(bytes.buffer);
    for (const slot of [0, 8_192]) {
      view.setUint32(slot + 8, 2, true);
      const used = view.getUint32(slot + 12, true);
      view.setBigUint64(slot + used - 8, Bun.hash.xxHash3(bytes.subarray(slot, slot + used - 8)), true);
    }
    files.open("/log/log.meta", "write").writeSync(bytes, 0);
    expect((await failureOf(() => openOn(files))).code).toBe("too_new");
  });
});

test("any bit of any file that flips: either nothing is missing, or it is told; never is anything served that wasn't written", async () => {
  const random = seededRandom(20);
  const outcomes = { whole: 0, refused: 0, told: 0 };
  const expected = Array.from({ length: 10 }, (_, index) => entryOf(index));
  for (let round = 0; round < 600; round++) {
    const files = await killedLog(round);
    const path = ["/log/log.meta", segment][random.below(4) === 0 ? 0 : 1] ?? segment;
    const used = path === segment ? positionOf(10) : 20_480;
    files.flipBit(path, random.below(used), random.below(8));
    try {
      const log = await openOn(files);
      const served = await texts(log).catch((error: unknown) => {
        expect(error).toBeInstanceOf(StoreError);
        outcomes.told++;
        return undefined;
      });
      if (served === undefined) continue;
      expect(served).toEqual(expected);
      outcomes.whole++;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      expect(error.code).toBe("corrupt");
      outcomes.refused++;
    }
  }
  expect(outcomes.refused).toBeGreaterThan(300);
  expect(outcomes.whole).toBeGreaterThan(50);
});
