import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { join } from "node:path";
import {
  openPidfd,
  pollHungUp,
  pollReadable,
  readStat,
  sendSignalByPidfd,
  signalProcess,
} from "../../../src/system/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

test("a pidfd gets readable when its process ends", async () => {
  const child = Bun.spawn(["/bin/sleep", "100"]);
  const pidfd = openPidfd(child.pid) ?? -1;
  expect(pollReadable([pidfd])).toEqual([]);
  expect(sendSignalByPidfd(pidfd, 15)).toBe(true);
  await child.exited;
  expect(child.signalCode).toBe("SIGTERM");
  expect(pollReadable([pidfd])).toEqual([pidfd]);
  expect(sendSignalByPidfd(pidfd, 15)).toBe(false);
  closeSync(pidfd);
  expect(openPidfd(child.pid)).toBeUndefined();
});

test("a signal for a process that had this pid earlier is not sent", async () => {
  const child = Bun.spawn(["/bin/sleep", "100"]);
  const stat = readStat(child.pid);
  expect(signalProcess({ pid: child.pid, startTime: (stat?.startTime ?? 0) - 1 }, 9)).toBe(false);
  expect(signalProcess({ pid: child.pid, startTime: stat?.startTime ?? 0 }, 9)).toBe(true);
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
});

test("a pipe whose writers have all gone is told from one that has some", () => {
  const path = join(temporaryFolder(), "fifo");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  expect(pollHungUp([reader])).toEqual([]);
  closeSync(writer);
  expect(pollHungUp([reader])).toEqual([reader]);
  closeSync(reader);
});
