import { describe, expect, test } from "bun:test";
import { bulkWrite } from "../../../../src/store/file/index.ts";
import { StoreError } from "../../../../src/store/index.ts";
import type { DurableLog, LogOptions } from "../../../../src/store/log/index.ts";
import { FaultyFileSystem } from "../../../support/faulty-files/index.ts";
import { openOn } from "../../../support/log-model.ts";

const bytes = (text: string) => Buffer.from(text);
const text = (payload: Uint8Array) => Buffer.from(payload).toString();

async function texts(log: DurableLog, range: { from?: number; to?: number } = {}): Promise<string[]> {
  return (await Array.fromAsync(log.scan(range))).map(({ payload }) => text(payload));
}

async function opened(options: LogOptions = {}, seed = 1): Promise<{ files: FaultyFileSystem; log: DurableLog }> {
  const files = new FaultyFileSystem(seed);
  return { files, log: await openOn(files, options) };
}

/** The code of the StoreError that an act fails with. */
async function codeOf(act: () => unknown): Promise<string> {
  try {
    await act();
    return "none";
  } catch (error) {
    return error instanceof StoreError ? error.code : `not a StoreError: ${error}`;
  }
}

describe("appending", () => {
  test("gives addresses in order and sequences without gaps; readers see only what is durable", async () => {
    const { log } = await opened();
    const first = log.append(bytes("one"));
    const second = log.append(bytes("two"));
    expect(second).toBeGreaterThan(first);
    expect(await texts(log)).toEqual([]);
    expect(log.committed).toBe(0);
    expect(await log.commit()).toBe(log.tail);
    expect(await Array.fromAsync(log.scan())).toMatchObject([
      { address: first, sequence: 1, end: second },
      { address: second, sequence: 2, end: log.tail },
    ]);
  });

  test("copies the payload, takes empty ones, and ones far larger than a page", async () => {
    const { log } = await opened({ segmentBytes: 2 ** 23, bufferBytes: 2 ** 23 });
    const changing = bytes("before");
    log.append(changing);
    changing.fill(0);
    log.append(bytes(""));
    const large = "x".repeat(3_000_001);
    log.append(bytes(large));
    await log.commit();
    expect(await texts(log)).toEqual(["before", "", large]);
    await log.close();
  });

  test("an entry that no segment could hold is refused, and nothing of it stays", async () => {
    const { log } = await opened();
    expect(await codeOf(() => log.append(new Uint8Array(8_192)))).toBe("too_large");
    expect(await codeOf(() => log.appendBatch([new Uint8Array(5_000), new Uint8Array(5_000)]))).toBe("too_large");
    expect(await codeOf(() => log.appendBatch([]))).toBe("invalid_argument");
    expect(log.tail).toBe(0);
    log.append(new Uint8Array(8_192 - 64 - 20));
    await log.commit();
    expect(log.stats().entries).toBe(1);
  });

  test("waitForCommit of something that was never appended is refused", async () => {
    const { log } = await opened();
    expect(await codeOf(() => log.waitForCommit(0))).toBe("invalid_argument");
    expect(await log.commit()).toBe(0);
  });

  test("a thousand that wait in one turn share one commit", async () => {
    const { files, log } = await opened({ segmentBytes: 2 ** 20, bufferBytes: 2 ** 20 });
    const before = files.operations;
    await Promise.all(Array.from({ length: 1_000 }, (_, index) => log.appendDurably(bytes(`${index}`))));
    expect(log.stats().commits).toBe(1);
    expect(files.history.slice(before).filter((operation) => operation.includes(" sync ")).length).toBe(1);
  });

  test("by itself within its window", async () => {
    const { log } = await opened({ windowMs: 1 });
    log.append(bytes("alone"));
    for await (const entry of log.follow()) {
      expect(text(entry.payload)).toBe("alone");
      break;
    }
    expect(log.committed).toBe(log.tail);
    await log.close();
  });

  test("commits, however fast one follows the other, leave the event loop its turns", async () => {
    const { log } = await opened({ segmentBytes: 2 ** 20 });
    let isOver = false;
    const timer = new Promise<void>((resolve) => setTimeout(resolve, 1)).then(() => (isOver = true));
    while (!isOver) await log.appendDurably(bytes("again"));
    await timer;
    await log.close();
  });
});

describe("a disk slower than the appenders", () => {
  test("while something else writes much, a thread syncs even the smallest commit: the event loop goes on", async () => {
    const { files, log } = await opened();
    const release = files.hold("sync");
    log.append(bytes("on the spot"));
    await log.commit();
    const over = Promise.withResolvers<void>();
    const writing = bulkWrite(() => over.promise);
    const address = log.append(bytes("by a thread"));
    const committing = log.commit();
    for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve));
    expect(log.committed).toBe(address);
    release();
    await committing;
    expect(log.committed).toBe(log.tail);
    over.resolve();
    await writing;
    await log.close();
  });

  test("[fault 5.5: no back-pressure] appending is refused before anything unflushed is overwritten, and goes on later", async () => {
    const { files, log } = await opened({ segmentBytes: 2 ** 20 });
    const release = files.hold("write");
    const written: string[] = [];
    const code = await codeOf(() => {
      for (let index = 0; ; index++) {
        const entry = `${index}:${"y".repeat(1_000)}`;
        log.append(bytes(entry));
        written.push(entry);
      }
    });
    expect(code).toBe("busy");
    expect(log.stats().bufferedBytes).toBeLessThanOrEqual(2 ** 16);
    expect(written.length).toBeGreaterThan(50);
    const room = log.waitForRoom();
    release();
    await room;
    log.append(bytes("after"));
    await log.commit();
    expect(await texts(log)).toEqual([...written, "after"]);
    expect(log.stats().bufferedBytes).toBe(0);
  });

  test("appendDurably waits for room by itself", async () => {
    const { log } = await opened({ segmentBytes: 2 ** 20 });
    await Promise.all(Array.from({ length: 300 }, (_, index) => log.appendDurably(bytes(`${index}`.padEnd(1_000)))));
    expect(log.stats().entries).toBe(300);
  });

  test("[fault 5.5: holes] what is appended while a write is on its way is neither in it nor lost", async () => {
    const { files, log } = await opened({ segmentBytes: 2 ** 20 });
    const release = files.hold("sync");
    for (let index = 0; index < 300; index++) log.append(bytes(`first ${index}`));
    const large = log.waitForCommit(log.append(new Uint8Array(40_000)));
    await new Promise((resolve) => setImmediate(resolve));
    for (let index = 0; index < 100; index++) log.append(bytes(`second ${index}`));
    release();
    await large;
    await log.commit();
    files.crash();
    const again = await openOn(files);
    const found = await texts(again);
    expect(found.length).toBe(401);
    expect(found.at(-1)).toBe("second 99");
  });
});

describe("a disk that fails", () => {
  test("closing rejects when what was appended isn't durable and nobody has been told so", async () => {
    const { files, log } = await opened({ windowMs: 1 });
    files.fail({ on: "write", code: "EIO", path: "segment" });
    log.append(bytes("lost"));
    const hasFailed = Promise.withResolvers<void>();
    const watch = setInterval(() => log.failure && hasFailed.resolve(), 1);
    await hasFailed.promise.finally(() => clearInterval(watch));
    expect(await codeOf(() => log.close())).toBe("poisoned");
    const again = await openOn(files);
    expect(await texts(again)).toEqual([]);
    await again.close();
  });

  test.each(["write", "sync", "truncate"] as const)(
    "[fault 5.5: waiters spin for ever] a failed %s tells everyone who waits, and poisons the log until it is opened again",
    async (on) => {
      const { files, log } = await opened();
      const kept = log.append(bytes("kept"));
      await log.waitForCommit(kept);
      if (on === "truncate") await log.close();
      const target = on === "truncate" ? await openOn(files) : log;
      files.fail({ on, code: "EIO", path: "segment" });
      const waits = [target.append(bytes("lost")), target.append(bytes("lost too"))].map((address) =>
        codeOf(() => target.waitForCommit(address)),
      );
      expect(await Promise.all(waits)).toEqual(["io_error", "io_error"]);
      expect(target.failure?.code).toBe("io_error");
      expect(target.committed).toBe(28 - 4);
      expect(await codeOf(() => target.append(bytes("more")))).toBe("poisoned");
      expect(await codeOf(() => target.commit())).toBe("poisoned");
      expect(await codeOf(() => target.waitForRoom())).toBe("poisoned");
      expect(await codeOf(() => target.truncateBefore(0))).toBe("poisoned");
      // What was durable can still be read.
      expect(await texts(target)).toEqual(["kept"]);
      await target.close();
      const again = await openOn(files);
      expect((await texts(again))[0]).toBe("kept");
      await again.appendDurably(bytes("new"));
      await again.close();
    },
  );

  test("after a failed sync, what recovery shows is really on the disk: no later sync is taken at its word", async () => {
    let shown = 0;
    for (let seed = 0; seed < 40; seed++) {
      const { files, log } = await opened({}, seed);
      files.fail({ on: "sync", code: "EIO", path: "segment" });
      const address = log.append(bytes("x".repeat(3_000)));
      expect(await codeOf(() => log.waitForCommit(address))).toBe("io_error");
      await log.close();
      files.killProcess();
      const again = await openOn(files);
      const found = await texts(again);
      shown += found.length;
      files.crash();
      expect(await texts(await openOn(files))).toEqual(found);
    }
    expect(shown).toBeGreaterThan(0);
  });

  test("a full disk is told as such; what was durable stays, and the log goes on once there is space", async () => {
    const { files, log } = await opened();
    await log.appendDurably(bytes("kept"));
    files.limit(36_000);
    const code = await codeOf(async () => {
      for (;;) await log.appendDurably(new Uint8Array(2_000));
    });
    expect(code).toBe("full");
    const durable = log.stats().committed;
    await log.close();
    // Recovery itself needs no space.
    const full = await openOn(files);
    expect(full.committed).toBeGreaterThanOrEqual(durable);
    await full.close();
    files.limit(Number.POSITIVE_INFINITY);
    const again = await openOn(files);
    await again.appendDurably(bytes("new"));
    const found = await texts(again);
    expect([found[0], found.at(-1)]).toEqual(["kept", "new"]);
  });

  test("followers are told", async () => {
    const { files, log } = await opened();
    const following = codeOf(() => Array.fromAsync(log.follow()));
    await log.appendDurably(bytes("seen"));
    files.fail({ on: "sync", code: "EIO" });
    const address = log.append(bytes("lost"));
    expect(await codeOf(() => log.waitForCommit(address))).toBe("io_error");
    expect(await following).toBe("poisoned");
  });
});

describe("reading", () => {
  test("from and to any address: entries that begin there or behind, and before", async () => {
    const { log } = await opened();
    const addresses = ["a", "b", "c", "d"].map((each) => log.append(bytes(each)));
    await log.commit();
    const [, b = 0, , d = 0] = addresses;
    expect(await texts(log, { from: b })).toEqual(["b", "c", "d"]);
    expect(await texts(log, { from: b + 1 })).toEqual(["c", "d"]);
    expect(await texts(log, { from: b, to: d })).toEqual(["b", "c"]);
    expect(await texts(log, { from: b, to: d + 1 })).toEqual(["b", "c", "d"]);
    expect(await texts(log, { from: 1e9 })).toEqual([]);
  });

  test("follow gives what is there and then what comes, over segments, until it is told to stop", async () => {
    const { log } = await opened();
    log.append(bytes("0"));
    await log.commit();
    const stop = new AbortController();
    const found: string[] = [];
    const following = (async () => {
      for await (const entry of log.follow({ signal: stop.signal })) {
        found.push(text(entry.payload).trim());
        if (found.length === 30) stop.abort();
      }
    })();
    for (let index = 1; index < 30; index++) await log.appendDurably(bytes(`${index}`.padEnd(1_000)));
    await following;
    expect(found).toEqual(Array.from({ length: 30 }, (_, index) => `${index}`));
    const ended = Array.fromAsync(log.follow({ from: log.tail }));
    await log.close();
    expect(await ended).toEqual([]);
  });
});

describe("named iterators", () => {
  test("go on behind what was completed when a commit took it along, and before that where they were", async () => {
    const { files, log } = await opened();
    for (let index = 0; index < 5; index++) log.append(bytes(`${index}`));
    await log.commit();
    const mailer = log.iterator("mailer");
    const entries = await Array.fromAsync(log.scan());
    if (entries[1] !== undefined) mailer.complete(entries[1]);
    await log.commit();
    if (entries[3] !== undefined) mailer.complete(entries[3]);
    files.crash();
    const again = await openOn(files);
    const next = again.iterator("mailer");
    expect(next.position).toBe(entries[2]?.address ?? 0);
    for await (const entry of next.follow()) {
      expect(text(entry.payload)).toBe("2");
      break;
    }
    again.removeIterator("mailer");
    await again.close();
    expect((await openOn(files)).stats().iterators.size).toBe(0);
  });

  test("are told apart by names of a bounded length, and are bounded in number", async () => {
    const { log } = await opened();
    expect(await codeOf(() => log.iterator(""))).toBe("invalid_argument");
    expect(await codeOf(() => log.iterator("é".repeat(33)))).toBe("invalid_argument");
    for (let index = 0; index < 64; index++) log.iterator(`${index}`.padEnd(64, "-"));
    expect(await codeOf(() => log.iterator("one more"))).toBe("too_large");
    await log.close();
  });
});

describe("truncation", () => {
  test("[fault 5.5: cut in the middle of an entry] keeps the entry that the address lies in, and all behind it", async () => {
    const { files, log } = await opened({ segmentBytes: 2 ** 20 });
    for (let index = 0; index < 500; index++) log.append(bytes(`entry ${index}`));
    await log.commit();
    const middle = Math.floor(log.committed / 2) + 1;
    const begin = await log.truncateBefore(middle);
    expect(begin).toBeLessThanOrEqual(middle);
    const before = await texts(log);
    expect(before.at(-1)).toBe("entry 499");
    await log.close();
    const again = await openOn(files);
    expect(again.recovery.cut).toBeNull();
    expect(await texts(again)).toEqual(before);
    expect(before.length).toBeGreaterThan(240);
  });

  test("[fault 5.5: frees no space] deletes the files of segments that hold nothing any more", async () => {
    const { files, log } = await opened();
    for (let index = 0; index < 40; index++) log.append(bytes(`${index}`.padEnd(1_000)));
    await log.commit();
    const segments = () => files.list("/log").filter((name) => name.startsWith("segment"));
    const count = segments().length;
    expect(count).toBeGreaterThan(4);
    expect(log.reclaimableSpace()).toBeGreaterThan(30_000);
    expect(log.reclaimableSpace(0)).toBe(0);
    const half = log.reclaimableSpace(log.committed / 2);
    expect(half).toBeGreaterThan(0);
    await log.truncateBefore(log.committed);
    expect(segments().length).toBe(1);
    expect(log.reclaimableSpace()).toBe(0);
    expect(await texts(log)).toEqual([]);
    await log.appendDurably(bytes("next"));
    expect(log.stats().entries).toBe(1);
    await log.close();
    expect(await texts(await openOn(files))).toEqual(["next"]);
  });

  test("a batch goes whole", async () => {
    const { log } = await opened();
    const first = log.appendBatch([bytes("a"), bytes("b"), bytes("c")]);
    const next = log.append(bytes("d"));
    await log.commit();
    expect(await log.truncateBefore(next - 4)).toBe(first);
    expect(await log.truncateBefore(next)).toBe(next);
  });

  test("truncateUntil happens with the next commit; what no reader may see yet can't be truncated", async () => {
    const { log } = await opened();
    const first = log.append(bytes("a"));
    const second = log.append(bytes("b"));
    expect(await codeOf(() => log.truncateBefore(second))).toBe("invalid_argument");
    await log.commit();
    log.truncateUntil(second);
    expect(log.begin).toBe(first);
    log.append(bytes("c"));
    await log.commit();
    expect(await log.truncateBefore(0)).toBe(second);
    expect(await texts(log)).toEqual(["b", "c"]);
  });

  test("a reader that is overtaken goes on at the new begin", async () => {
    const { log } = await opened();
    for (let index = 0; index < 40; index++) log.append(bytes(`${index}`.padEnd(1_000)));
    await log.commit();
    const scan = log.scan();
    expect(text((await scan.next()).value?.payload ?? bytes("none")).trim()).toBe("0");
    await log.truncateBefore(log.committed - 3_000);
    const rest = (await Array.fromAsync(scan)).map(({ payload }) => text(payload).trim());
    expect(rest.at(-1)).toBe("39");
    expect(rest.length).toBeLessThan(15);
  });
});

describe("opening", () => {
  test("one holder at a time; a missing one is told unless it may be made", async () => {
    const { files, log } = await opened();
    expect(await codeOf(() => openOn(files))).toBe("locked");
    await log.close();
    expect(await codeOf(() => log.append(bytes("x")))).toBe("closed");
    expect(await codeOf(() => log.commit())).toBe("closed");
    await log.close();
    await (await openOn(files)).close();
    expect(await codeOf(() => openOn(new FaultyFileSystem(2), { create: false }))).toBe("not_found");
  });

  test("options out of their range are refused", async () => {
    const files = new FaultyFileSystem(1);
    for (const options of [{ segmentBytes: 10 }, { bufferBytes: 1.5 }, { windowMs: -1 }, { identity: 2 ** 32 }]) {
      expect(await codeOf(() => openOn(files, options))).toBe("invalid_argument");
    }
  });

  test("after an orderly end nothing has to be scanned; after a kill the last segment has", async () => {
    const { files, log } = await opened();
    for (let index = 0; index < 30; index++) log.append(bytes(`${index}`.padEnd(1_000)));
    await log.close();
    const calm = await openOn(files);
    expect(calm.recovery).toMatchObject({ created: false, scannedEntries: 0, cut: null });
    for (let index = 0; index < 30; index++) await calm.appendDurably(bytes(`${index}`.padEnd(1_000)));
    files.killProcess();
    const hurried = await openOn(files);
    expect(hurried.recovery.scannedEntries).toBeGreaterThan(0);
    expect(hurried.recovery.scannedEntries).toBeLessThan(10);
    expect(hurried.stats().entries).toBe(60);
  });
});
