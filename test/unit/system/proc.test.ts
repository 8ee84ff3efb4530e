import { expect, test } from "bun:test";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import {
  bootId,
  childrenOf,
  descendantsOf,
  isSameProcess,
  parseStat,
  readEnvironment,
  readMemory,
  readProportionalMemory,
  readStat,
} from "../../../src/system/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";

test("a process's name may hold spaces and parentheses", () => {
  const stat = parseStat("42 (a) (b c) S 7 8 9 0 -1 4 0 0 0 0 11 12 0 0 20 0 3 0 1234 0 0 0");
  expect(stat).toEqual({
    pid: 42,
    comm: "a) (b c",
    state: "S",
    ppid: 7,
    pgid: 8,
    sid: 9,
    startTime: 1_234,
    utimeTicks: 11,
    stimeTicks: 12,
    threads: 3,
    rssPages: 0,
  });
});

test("what is not a stat line gives nothing", () => {
  for (const line of ["", "42", "42 (a", "x (a) S 1", "42 (a) S 1 2"]) expect(parseStat(line)).toBeUndefined();
});

test("a real process with a strange name is read", async () => {
  const program = join(temporaryFolder(), "a) S 1 (b");
  copyFileSync("/bin/sleep", program);
  await using child = Bun.spawn([program, "100"], { detached: true });
  const stat = await until("it runs its own name", () => {
    const found = readStat(child.pid);
    return found?.comm === "a) S 1 (b" && found;
  });
  expect(stat).toMatchObject({ pid: child.pid, ppid: process.pid, pgid: child.pid, sid: child.pid, threads: 1 });
  expect(isSameProcess(stat)).toBe(true);
  expect(isSameProcess({ pid: stat.pid, startTime: stat.startTime + 1 })).toBe(false);
  child.kill("SIGKILL");
});

test("memory, environment and children of a process are read", async () => {
  const script = "sleep 100 & sh -c 'sleep 101 & wait' & wait";
  await using child = Bun.spawn(["/bin/sh", "-c", script], {
    detached: true,
    env: { PATH: "/bin:/usr/bin", A: "b=c" },
  });
  await until("its three descendants are there", () => descendantsOf(child.pid).length === 3);
  expect(childrenOf(child.pid)).toHaveLength(2);
  expect(childrenOf(process.pid)).toContain(child.pid);
  expect(readEnvironment(child.pid)?.get("A")).toBe("b=c");
  const memory = readMemory(child.pid)?.rssBytes ?? 0;
  const proportional = readProportionalMemory(child.pid)?.pssBytes ?? 0;
  expect(memory).toBeGreaterThan(100_000);
  expect(proportional).toBeGreaterThan(0);
  expect(proportional).toBeLessThanOrEqual(memory);
  process.kill(-child.pid, "SIGKILL");
});

test("nothing is known of a process that doesn't exist", async () => {
  const child = Bun.spawn(["/bin/true"]);
  await child.exited;
  expect(readStat(child.pid)).toBeUndefined();
  expect(readMemory(child.pid)).toBeUndefined();
  expect(readEnvironment(child.pid)).toBeUndefined();
  expect(childrenOf(child.pid)).toEqual([]);
});

test("the boot id is a UUID", () => {
  expect(bootId()).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});
