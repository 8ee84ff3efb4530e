import { expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { readStat, StatFiles } from "../../../src/system/index.ts";
import { until } from "../../support/until.ts";

/** The stat files that this process has open. */
function openFiles(): string[] {
  const links = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return links.filter((link) => /^\/proc\/\d+\/stat$/.test(link));
}

test("a process that does nothing is the same object at every look, and another one once it did something", async () => {
  const files = new StatFiles();
  await using child = Bun.spawn(["/bin/sh", "-c", "read line; while :; do :; done"], { stdin: "pipe" });
  const atRest = await until("it rests", () => {
    const [one, other] = [files.read(child.pid), files.read(child.pid)];
    return one !== undefined && one === other && one.state === "S" && one.comm === "sh" && one;
  });
  expect(readStat(child.pid)).toEqual(atRest);
  child.stdin.write("go\n");
  child.stdin.flush();
  const busy = await until("it works", () => {
    const now = files.read(child.pid);
    return now !== undefined && now.utimeTicks > atRest.utimeTicks && now;
  });
  expect(busy).toMatchObject({ pid: child.pid, startTime: atRest.startTime, ppid: process.pid });
  child.kill("SIGKILL");
  files.close();
});

test("a process that is gone can't be seen, and its file is closed", async () => {
  const files = new StatFiles();
  await using child = Bun.spawn(["/bin/sleep", "100"]);
  expect(files.read(child.pid)?.comm).toBeString();
  expect(openFiles()).toEqual([`/proc/${child.pid}/stat`]);
  child.kill("SIGKILL");
  await child.exited;
  expect(files.read(child.pid)).toBeUndefined();
  expect(openFiles()).toEqual([]);
});

test("only the files of processes that matter stay open", () => {
  const files = new StatFiles();
  for (const pid of [process.pid, process.ppid, 1]) files.read(pid);
  files.keepOnly(new Set([process.pid]));
  expect(openFiles()).toEqual([`/proc/${process.pid}/stat`]);
  files.close();
  expect(openFiles()).toEqual([]);
});
