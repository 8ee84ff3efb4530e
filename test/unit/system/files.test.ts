import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freeDiskBytes, writeFileAtomic } from "../../../src/system/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

test("a file is replaced as a whole, for its owner only, and nothing else is left", () => {
  const folder = temporaryFolder();
  const path = join(folder, "file");
  writeFileSync(path, "old and longer");
  writeFileAtomic(path, "new");
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  writeFileAtomic(path, new Uint8Array([1, 2, 3]), 0o644);
  expect([...readFileSync(path)]).toEqual([1, 2, 3]);
  expect(statSync(path).mode & 0o777).toBe(0o644);
  expect(readdirSync(folder)).toEqual(["file"]);
});

test("a file that can't be replaced stays, without a temporary one beside it", () => {
  const folder = temporaryFolder();
  const path = join(folder, "file");
  expect(() => writeFileAtomic(join(path, "below"), "x")).toThrow("ENOENT");
  expect(() => writeFileAtomic(folder, "x")).toThrow();
  expect(readdirSync(folder)).toEqual([]);
});

test("free space is told for a folder", () => {
  expect(freeDiskBytes("/tmp")).toBeGreaterThan(0);
});
