import { expect, test } from "bun:test";
import { FaultyFileSystem, PowerLoss } from "../../../support/faulty-files/index.ts";

/** The file system that other tests are given: it must lose what a disk may lose, and never what was synced. */

async function withFile(seed: number) {
  const files = new FaultyFileSystem(seed);
  files.makeFolder("/d");
  const file = files.open("/d/a", "create");
  file.writeSync(new Uint8Array(4_096).fill(1), 0);
  file.syncSync();
  await files.syncFolder("/d");
  await files.syncFolder("/");
  return { files, file };
}

const seeds = Array.from({ length: 200 }, (_, seed) => seed);

test("what was synced stays; of the rest each sector is old or new, in every mixture", async () => {
  const survivors = new Set<string>();
  for (const seed of seeds) {
    const { files, file } = await withFile(seed);
    file.writeSync(new Uint8Array(1_536).fill(2), 512);
    file.writeSync(new Uint8Array(600).fill(3), 4_000);
    files.crash();
    const bytes = files.bytesOf("/d/a");
    expect(bytes.subarray(0, 512).every((byte) => byte === 1)).toBe(true);
    const sectors = [512, 1_024, 1_536].map((at) => {
      expect(new Set(bytes.subarray(at, at + 512)).size).toBe(1);
      return bytes[at];
    });
    survivors.add(`${sectors.join("")} ${bytes[4_000]} ${bytes.length}`);
    expect([4_096, 4_600]).toContain(bytes.length);
  }
  // Reordered (the later write without the earlier one), torn, all and nothing.
  expect([...survivors]).toContain("222 3 4600");
  expect([...survivors]).toContain("111 1 4096");
  expect([...survivors].some((each) => each.startsWith("111 3"))).toBe(true);
  expect([...survivors].some((each) => each.startsWith("212"))).toBe(true);
});

test("a name whose folder wasn't synced may be lost, a synced one never; a move happens wholly or not at all", async () => {
  const seen = new Set<string>();
  for (const seed of seeds) {
    const { files, file } = await withFile(seed);
    files.open("/d/b", "create").close();
    files.rename("/d/a", "/d/c");
    files.crash();
    expect(() => file.size()).toThrow(PowerLoss);
    seen.add(files.list("/d").join(" "));
  }
  expect([...seen].sort()).toEqual(["a", "a b", "b c", "c"]);
});

test("after a failed sync the bytes are seen, and a later sync that succeeds doesn't bring them back", async () => {
  let lost = 0;
  for (const seed of seeds) {
    const { files, file } = await withFile(seed);
    files.fail({ on: "sync", code: "EIO" });
    file.writeSync(new Uint8Array(512).fill(9), 0);
    expect(() => file.syncSync()).toThrow("EIO");
    file.syncSync();
    expect(files.bytesOf("/d/a")[0]).toBe(9);
    files.crash();
    if (files.bytesOf("/d/a")[0] !== 9) lost++;
  }
  expect(lost).toBeGreaterThan(0);
});

test("the power goes during the n-th operation, and everything fails until it is back", async () => {
  const { files, file } = await withFile(3);
  files.crashAt(files.operations + 2);
  file.writeSync(new Uint8Array(10), 0);
  expect(() => file.writeSync(new Uint8Array(10), 0)).toThrow(PowerLoss);
  expect(() => files.open("/d/a", "read")).toThrow(PowerLoss);
  files.crash();
  expect(files.list("/d")).toEqual(["a"]);
});

test("a write that finds no space leaves its beginning, and nothing beyond the capacity", async () => {
  const { files, file } = await withFile(3);
  files.limit(5_000);
  expect(() => file.writeSync(new Uint8Array(1_000).fill(7), 4_096)).toThrow("ENOSPC");
  expect(file.size()).toBe(5_000);
  file.writeSync(new Uint8Array(1_000).fill(8), 0);
});

test("an asynchronous sync covers what was written before it began", async () => {
  let kept = 0;
  for (const seed of seeds) {
    const { files, file } = await withFile(seed);
    file.writeSync(new Uint8Array(512).fill(4), 0);
    const sync = file.sync();
    file.writeSync(new Uint8Array(512).fill(5), 512);
    await sync;
    files.crash();
    expect(files.bytesOf("/d/a")[0]).toBe(4);
    if (files.bytesOf("/d/a")[512] === 5) kept++;
  }
  expect(kept).toBeLessThan(seeds.length);
});
