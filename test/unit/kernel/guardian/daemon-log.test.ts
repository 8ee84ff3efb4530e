import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { appendDaemonLog, openDaemonLog } from "../../../../src/kernel/guardian/daemon-log.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const module = join(import.meta.dir, "../../../../src/kernel/guardian/daemon-log.ts");

test("messages are lines with a time and a pid, appended to what is there", () => {
  const path = join(temporaryFolder(), "logs", "kernel.log");
  const log = openDaemonLog(path);
  log.write("one");
  appendDaemonLog(path, "two\n");
  log.close();
  log.write("after the close");
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(new RegExp(`^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z \\[${process.pid}\\] one$`));
});

test("at most four files of bounded size are kept, the newest messages in them", () => {
  const folder = temporaryFolder();
  const log = openDaemonLog(join(folder, "kernel.log"), { fileBytes: 1_000 });
  for (let index = 0; index < 200; index++) log.write(`message ${index}`);
  log.close();
  expect(readdirSync(folder).sort()).toEqual(["kernel.log", "kernel.log.1", "kernel.log.2", "kernel.log.3"]);
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).size).toBeLessThan(1_200);
  expect(readFileSync(join(folder, "kernel.log"), "utf8")).toContain("message 199");
});

test("a log that is too long from the last time is rotated at the start", () => {
  const folder = temporaryFolder();
  const path = join(folder, "kernel.log");
  writeFileSync(path, "x".repeat(2_000));
  openDaemonLog(path, { fileBytes: 1_000 }).close();
  expect(statSync(`${path}.1`).size).toBe(2_000);
  expect(statSync(path).size).toBe(0);
});

test("what the process prints goes to the current file, after a rotation too", async () => {
  const path = join(temporaryFolder(), "kernel.log");
  const script = `
    const { openDaemonLog } = await import(${JSON.stringify(module)});
    const log = openDaemonLog(${JSON.stringify(path)}, { redirectOutput: true, fileBytes: 1_000 });
    console.log("printed first");
    log.write("x".repeat(1_000));
    log.write("rotated");
    console.error("printed last");
    process.exit(0);`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "pipe" });
  expect(await child.exited).toBe(0);
  expect(readFileSync(`${path}.1`, "utf8")).toContain("printed first");
  expect(readFileSync(path, "utf8")).toContain("printed last");
});

test("a log that can't be written stops nobody", () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  const log = openDaemonLog(join(file, "kernel.log"));
  log.write("lost");
  appendDaemonLog(join(file, "kernel.log"), "lost");
  log.close();
});
