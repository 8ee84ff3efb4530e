import { describe, expect, test } from "bun:test";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type FileSystem, nodeFileSystem } from "../../../../src/store/file/index.ts";
import { FaultyFileSystem } from "../../../support/faulty-files/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const root = temporaryFolder();
let count = 0;

const kinds: [name: string, make: () => [FileSystem, string]][] = [
  [
    "of the machine",
    () => {
      const folder = join(root, String(++count));
      mkdirSync(folder);
      return [nodeFileSystem, folder];
    },
  ],
  [
    "that loses power",
    () => {
      const files = new FaultyFileSystem(1);
      files.makeFolder("/disk");
      return [files, "/disk"];
    },
  ],
];

test("a hole gives its space back to the disk", () => {
  const file = nodeFileSystem.open(join(root, "freed"), "create");
  file.writeSync(new Uint8Array(1_048_576).fill(7), 0);
  file.syncSync();
  const { blocks } = statSync(file.path);
  file.punch(0, 1_000_000);
  expect(statSync(file.path).blocks).toBeLessThan(blocks / 8);
  file.close();
});

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe.each(kinds)("a file system %s", (_, make) => {
  test("writes and reads at positions, with and without waiting", async () => {
    const [files, folder] = make();
    const file = files.open(join(folder, "a"), "create");
    file.writeSync(Buffer.from("hello"), 2);
    await file.write(Buffer.from("HE"), 2);
    await file.writeParts([Buffer.from("one"), new Uint8Array(0), Buffer.from("two")], 7);
    await file.sync();
    file.syncSync();
    const into = new Uint8Array(20).fill(1);
    expect(file.readSync(into, 0)).toBe(13);
    expect(text(into.subarray(0, 13))).toBe("\0\0HElloonetwo");
    expect(await file.read(into, 10)).toBe(3);
    expect(await file.read(into, 99)).toBe(0);
    expect(file.size()).toBe(13);
    file.truncate(4);
    expect(file.size()).toBe(4);
    file.truncate(6);
    expect(file.readSync(into, 0)).toBe(6);
    expect(text(into.subarray(0, 6))).toBe("\0\0HE\0\0");
    file.close();
    file.close();
  });

  test("a hole reads as zeros, and the file stays as long as it was", () => {
    const [files, folder] = make();
    const file = files.open(join(folder, "holes"), "create");
    file.writeSync(new Uint8Array(20_000).fill(7), 0);
    expect(file.punch(4_096, 8_192)).toBe(true);
    expect(file.punch(19_000, 5_000)).toBe(true);
    expect(file.size()).toBe(20_000);
    const bytes = new Uint8Array(20_000);
    expect(file.readSync(bytes, 0)).toBe(20_000);
    const isHole = (at: number) => (at >= 4_096 && at < 12_288) || at >= 19_000;
    expect(bytes.every((byte, at) => byte === (isHole(at) ? 0 : 7))).toBe(true);
    file.close();
  });

  test("more parts than one system call takes", async () => {
    const [files, folder] = make();
    const file = files.open(join(folder, "parts"), "create");
    const parts = Array.from({ length: 2_500 }, (_, index) => Buffer.from([index & 0xff, index >> 8, 7]));
    await file.writeParts(parts, 1);
    const into = new Uint8Array(7_501);
    expect(file.readSync(into, 0)).toBe(7_501);
    expect(Buffer.from(into.subarray(1)).equals(Buffer.concat(parts))).toBe(true);
    file.close();
  });

  test("modes: `create` wants none, `read` and `write` want one, `ensure` takes either", () => {
    const [files, folder] = make();
    const path = join(folder, "a");
    const codeOf = (act: () => unknown) => {
      try {
        act();
        return "none";
      } catch (error) {
        return error instanceof Error && "code" in error ? error.code : error;
      }
    };
    expect(codeOf(() => files.open(path, "read"))).toBe("ENOENT");
    expect(codeOf(() => files.open(path, "write"))).toBe("ENOENT");
    files.open(path, "ensure").close();
    files.open(path, "ensure").close();
    expect(codeOf(() => files.open(path, "create"))).toBe("EEXIST");
    const file = files.open(path, "read");
    expect(codeOf(() => file.writeSync(Buffer.from("x"), 0))).toBe("EBADF");
    file.close();
    expect(codeOf(() => file.size())).toBe("EBADF");
    expect(codeOf(() => files.list(join(folder, "none")))).toBe("ENOENT");
  });

  test("names: made, moved over another, listed in order, removed; what isn't there can be removed", async () => {
    const [files, folder] = make();
    files.makeFolder(join(folder, "x/y"));
    files.makeFolder(join(folder, "x/y"));
    for (const name of ["b", "a"]) {
      const file = files.open(join(folder, "x", name), "create");
      file.writeSync(Buffer.from(name), 0);
      file.close();
    }
    files.rename(join(folder, "x/b"), join(folder, "x/a"));
    await files.syncFolder(join(folder, "x"));
    expect(files.list(join(folder, "x"))).toEqual(["a", "y"]);
    const moved = files.open(join(folder, "x/a"), "read");
    const into = new Uint8Array(1);
    moved.readSync(into, 0);
    moved.close();
    expect(text(into)).toBe("b");
    await files.remove(join(folder, "x/a"));
    await files.remove(join(folder, "x/a"));
    await files.removeFolder(join(folder, "x"));
    await files.removeFolder(join(folder, "x"));
    expect(files.list(folder)).toEqual([]);
    expect(files.freeBytes(folder)).toBeGreaterThan(0);
  });

  test("a lock has one holder at a time", () => {
    const [files, folder] = make();
    const path = join(folder, "lock");
    const lock = files.lock(path);
    expect(lock).toBeDefined();
    expect(files.lock(path)).toBeUndefined();
    lock?.release();
    lock?.release();
    const again = files.lock(path);
    expect(again).toBeDefined();
    again?.release();
  });
});
