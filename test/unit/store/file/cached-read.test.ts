import { expect, test } from "bun:test";
import { join } from "node:path";
import { nodeFileSystem } from "../../../../src/store/file/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const root = temporaryFolder();

test("what is in memory is read at once and right, through collections of garbage; what isn't reads as nothing", () => {
  const file = nodeFileSystem.open(join(root, "file"), "create");
  const words = Uint32Array.from({ length: 65_536 }, (_, index) => index);
  file.writeSync(new Uint8Array(words.buffer), 0);
  let garbage: Uint8Array[] = [];
  for (let read = 0; read < 20_000; read++) {
    const into = new Uint32Array(new ArrayBuffer(4_096));
    const position = (read % 64) * 4_096;
    const count = file.readCached(new Uint8Array(into.buffer), position);
    // A file system that can't tell reads nothing.
    if (count > 0) expect([count, into[0], into[1_023]]).toEqual([4_096, position / 4, position / 4 + 1_023]);
    if (garbage.push(new Uint8Array(100)) === 1_000) garbage = [];
    if (read % 4_000 === 0) Bun.gc(true);
  }
  expect(file.readCached(new Uint8Array(new ArrayBuffer(16)), words.byteLength)).toBe(0);
  file.close();
});
