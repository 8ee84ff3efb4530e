import { expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import {
  captureFolders,
  extractFolders,
  fingerprint,
  finishSwaps,
  freezeFolders,
  present,
  swapFolders,
} from "../../../../src/state/checkpoint/folders/index.ts";
import { encodeItems, type FileItem, itemTypes } from "../../../../src/state/checkpoint/folders/item.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const root = temporaryFolder();
const fresh = (): string => mkdtempSync(join(root, "case-"));

/** A folder with a bit of everything. */
function sample(): string {
  const folder = join(fresh(), "data");
  mkdirSync(join(folder, "deep/er"), { recursive: true });
  mkdirSync(join(folder, "empty"));
  writeFileSync(join(folder, "deep/er/é"), "text");
  writeFileSync(join(folder, "large"), Buffer.alloc(1_000_000, "0123456789"));
  writeFileSync(join(folder, "nothing"), "");
  writeFileSync(join(folder, "run"), "#!/bin/sh", { mode: 0o755 });
  symlinkSync("../elsewhere", join(folder, "deep/link"));
  utimesSync(join(folder, "run"), 1_000, 1_000);
  chmodSync(join(folder, "empty"), 0o750);
  return folder;
}

function listing(folder: string): unknown[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const path = join(folder, name);
      const stats = lstatSync(path);
      const content = stats.isFile()
        ? Bun.hash(readFileSync(path))
        : stats.isSymbolicLink()
          ? readlinkSync(path)
          : null;
      return [name, stats.mode, content];
    });
}

async function* blockOf(...items: Partial<FileItem>[]) {
  const full = items.map((item) => ({
    folder: 0,
    mode: 0o600,
    modified: 0,
    path: "",
    content: Buffer.from("x"),
    type: itemTypes.file,
    ...item,
  }));
  yield { kind: 2 as const, bytes: encodeItems(full), items: items.length };
}

test("folders come back with files of any size, empty ones, modes, times and links", async () => {
  const folder = sample();
  const target = join(fresh(), "again");
  await extractFolders(captureFolders([present(folder)]), [target]);
  expect(listing(target)).toEqual(listing(folder));
  expect(lstatSync(join(target, "run")).mtimeMs).toBe(1_000_000);
});

test("frozen folders are captured as they were, whatever is done to them meanwhile", async () => {
  const folder = sample();
  const before = listing(folder);
  // What a reflink does, for file systems that have none.
  const frozen = await freezeFolders([folder], copyFile);
  rmSync(join(folder, "large"));
  writeFileSync(join(folder, "nothing"), "something");
  writeFileSync(join(folder, "more"), "");
  chmodSync(join(folder, "run"), 0o600);
  const target = join(fresh(), "again");
  await extractFolders(captureFolders(frozen?.sources ?? []), [target]);
  expect(listing(target)).toEqual(before);
  await frozen?.release();
  expect(existsSync(`${folder}.frozen`)).toBe(false);
});

test("where a file system can't clone, nothing is left of the attempt, and other failures are told", async () => {
  const folder = sample();
  for (const code of ["ENOTSUP", "EXDEV"]) {
    const unable = () => Promise.reject(Object.assign(new Error(code), { code }));
    expect(await freezeFolders([folder], unable)).toBeUndefined();
    expect(existsSync(`${folder}.frozen`)).toBe(false);
  }
  const full = () => Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" }));
  await expect(freezeFolders([folder], full)).rejects.toThrow("full");
  expect(existsSync(`${folder}.frozen`)).toBe(false);
});

test("whatever is written, made or removed changes the fingerprint, and nothing else does", async () => {
  const folder = sample();
  const before = await fingerprint([folder]);
  expect(await fingerprint([folder])).toBe(before);
  writeFileSync(join(folder, "nothing"), "something");
  expect(await fingerprint([folder])).not.toBe(before);
});

test("an archive from elsewhere can't write outside of its folders", async () => {
  const folder = { type: itemTypes.folder, content: Buffer.from("") };
  const link = { type: itemTypes.link, path: "out", content: Buffer.from(root) };
  for (const items of [
    [folder, { path: "../escaped" }],
    [folder, { path: "/escaped" }],
    [folder, { path: "a/./escaped" }],
    [folder, link, { path: "out/escaped" }],
    [folder, { path: "missing/escaped" }],
    [{ ...folder, folder: 1 }],
    [folder, { type: itemTypes.piece, path: "a" }],
  ]) {
    const target = join(fresh(), "target");
    await expect(extractFolders(blockOf(...items), [target])).rejects.toMatchObject({ code: "storage_corrupt" });
  }
  expect(existsSync(join(root, "escaped"))).toBe(false);
});

test("a swap that a kernel began is ended by the next one, from every point that it can have died at", async () => {
  for (let done = 0; done <= 4; done++) {
    const place = fresh();
    const swaps = ["one", "two"].map((name) => ({
      folder: join(place, name),
      next: join(place, `${name}.next`),
      before: join(place, `${name}.before`),
    }));
    for (const { folder, next } of swaps) {
      for (const [path, text] of [
        [folder, "old"],
        [next, "new"],
      ] as const) {
        mkdirSync(path);
        writeFileSync(join(path, "file"), text);
      }
    }
    writeFileSync(join(place, "restore.json"), JSON.stringify({ swaps }));
    const moves = swaps.flatMap(
      ({ folder, next, before }) =>
        [
          [folder, before],
          [next, folder],
        ] as const,
    );
    for (const [from, to] of moves.slice(0, done)) Bun.spawnSync(["mv", from, to]);
    finishSwaps(place);
    for (const { folder } of swaps) expect(readFileSync(join(folder, "file"), "utf8")).toBe("new");
  }
  const place = fresh();
  const [folder, next, before] = ["f", "f.next", "f.before"].map((name) => join(place, name));
  if (folder === undefined || next === undefined || before === undefined) throw new Error("three names");
  mkdirSync(next);
  await swapFolders(place, [{ folder, next, before }]);
  expect(readdirSync(place)).toEqual(["f"]);
});

test("what a swap is to keep stays under its other name, also when the next kernel ends it", async () => {
  for (const isCut of [false, true]) {
    const place = fresh();
    const [folder, next, before] = [join(place, "f"), join(place, "next", "f"), join(place, "aside", "f")];
    for (const [path, text] of [
      [folder, "old"],
      [next, "new"],
    ] as const) {
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, "file"), text);
    }
    mkdirSync(join(place, "aside"));
    const swaps = [{ folder, next, before, keep: true }];
    if (isCut) {
      writeFileSync(join(place, "restore.json"), JSON.stringify({ swaps }));
      finishSwaps(place);
    } else await swapFolders(place, swaps);
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("new");
    expect(readFileSync(join(before, "file"), "utf8")).toBe("old");
  }
});
