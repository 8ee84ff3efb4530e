import { expect, test } from "bun:test";
import { readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ExitRecorder, readExit } from "../../../src/system/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const exit = { pid: 10, startTime: 20, exit_code: 3, signal: null };

test("a record is read once, by pid and start time", async () => {
  const folder = join(temporaryFolder(), "run", "exits");
  const recorder = new ExitRecorder(folder);
  expect(recorder.record(exit)).toBe(true);
  expect(await readExit(folder, { pid: 10, startTime: 21 }, 0)).toBeUndefined();
  expect(await readExit(folder, exit, 0)).toEqual({ exit_code: 3, signal: null });
  expect(await readExit(folder, exit, 0)).toBeUndefined();
});

test("a reader waits for a record that is yet to come", async () => {
  const folder = temporaryFolder();
  const reading = readExit(folder, exit, 5_000);
  new ExitRecorder(folder).record({ ...exit, exit_code: null, signal: "SIGKILL" });
  expect(await reading).toEqual({ exit_code: null, signal: "SIGKILL" });
});

test("records of another boot, and what is no record, tell nothing", async () => {
  const folder = temporaryFolder();
  for (const content of [JSON.stringify({ ...exit, boot_id: "another" }), "{", "null", "[]"]) {
    writeFileSync(join(folder, "10-20"), content);
    expect(await readExit(folder, exit, 0)).toBeUndefined();
  }
});

test("the number of records is bounded, the oldest go first", () => {
  const folder = temporaryFolder();
  for (let pid = 1; pid <= 4_200; pid++) {
    writeFileSync(join(folder, `${pid}-1`), "{}");
    if (pid <= 2_000) utimesSync(join(folder, `${pid}-1`), pid, pid);
  }
  new ExitRecorder(folder);
  const left = readdirSync(folder);
  expect(left).toHaveLength(3_072);
  expect(left).toContain("4200-1");
  expect(left).not.toContain("1-1");
});

test("a folder that can't be written costs the record, nothing else", () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  expect(new ExitRecorder(file).record(exit)).toBe(false);
});
