import { expect, test } from "bun:test";
import { closeSync, openSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import {
  makeFifo,
  openFifoReader,
  pipeCapacity,
  readableBytes,
  readInto,
  resizePipe,
} from "../../../src/system/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

test("makeFifo makes a FIFO for its owner only, and keeps one that exists", () => {
  const path = join(folder, "new");
  makeFifo(path);
  makeFifo(path);
  expect(statSync(path).isFIFO()).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("makeFifo refuses a path that is taken by a file, or lies in no folder", () => {
  const path = join(folder, "file");
  writeFileSync(path, "");
  expect(() => makeFifo(path)).toThrow(path);
  expect(() => makeFifo(join(folder, "missing", "fifo"))).toThrow("ENOENT");
});

test("a reader sees no writer, nothing yet, data, and the end", () => {
  const path = join(folder, "states");
  makeFifo(path);
  const reader = openFifoReader(path);
  const buffer = Buffer.alloc(8);
  expect(readInto(reader, buffer)).toBe("closed");
  const writer = openSync(path, "w");
  expect(readInto(reader, buffer)).toBe("empty");
  writeSync(writer, "hello");
  expect(readableBytes(reader)).toBe(5);
  expect(readInto(reader, buffer, 3)).toBe(5);
  expect(buffer.toString("latin1", 3)).toBe("hello");
  closeSync(writer);
  expect(readInto(reader, buffer)).toBe("closed");
  closeSync(reader);
});

test("a second reader keeps the data of one that closed", () => {
  const path = join(folder, "kept");
  makeFifo(path);
  const [first, second] = [openFifoReader(path), openFifoReader(path)];
  const writer = openSync(path, "w");
  writeSync(writer, "kept");
  closeSync(first);
  closeSync(writer);
  expect(readInto(second, Buffer.alloc(8))).toBe(4);
  closeSync(second);
});

test("a pipe can be made larger", () => {
  const path = join(folder, "large");
  makeFifo(path);
  const reader = openFifoReader(path);
  expect(resizePipe(reader, 262_144)).toBeGreaterThanOrEqual(65_536);
  expect(pipeCapacity(reader)).toBe(resizePipe(reader, 262_144));
  closeSync(reader);
});

test("reading beyond the buffer is refused", () => {
  expect(() => readInto(0, Buffer.alloc(4), 2, 3)).toThrow(RangeError);
});
