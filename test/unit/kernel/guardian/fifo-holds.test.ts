import { afterEach, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FifoHolds } from "../../../../src/kernel/guardian/fifo-holds.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const holds = new FifoHolds();
afterEach(() => holds.keep([]));

function fifo(path = join(temporaryFolder(), "fifo")): string {
  execFileSync("mkfifo", [path]);
  return path;
}

/** Opens for writing without waiting, which needs a reader. */
function openWriter(path: string): number {
  return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
}

test("a held FIFO has a reader, a dropped one has none", () => {
  const path = fifo();
  expect(() => openWriter(path)).toThrow("ENXIO");
  holds.hold(path);
  holds.hold(path);
  expect(holds.size).toBe(1);
  closeSync(openWriter(path));
  holds.drop(path);
  expect(() => openWriter(path)).toThrow("ENXIO");
});

test("a FIFO that was made anew under its name is held instead of the old one", () => {
  const path = fifo();
  holds.hold(path);
  rmSync(path);
  fifo(path);
  holds.hold(path);
  closeSync(openWriter(path));
  expect(holds.size).toBe(1);
});

test("what is missing, or no FIFO, is not held", () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  holds.hold(file);
  holds.hold(`${file}-none`);
  expect(holds.size).toBe(0);
});

test("keep holds exactly what it names", () => {
  const [one, two, three] = [fifo(), fifo(), fifo()];
  holds.hold(one);
  holds.hold(two);
  holds.keep([two, three]);
  expect(holds.size).toBe(2);
  expect(() => openWriter(one)).toThrow("ENXIO");
  closeSync(openWriter(three));
});

test("FIFOs whose writers are gone are dropped, others stay", () => {
  const [done, busy] = [fifo(), fifo()];
  holds.keep([done, busy]);
  closeSync(openWriter(done));
  const writer = openWriter(busy);
  expect(holds.dropFinished()).toBe(1);
  closeSync(writer);
  expect(holds.dropFinished()).toBe(0);
});
