import { afterEach, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { closeSync, constants, existsSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readExit, readStat, signalProcess } from "../../../../src/system/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { until } from "../../../support/until.ts";
import { ask, end, kernelAfter, startFixtureGuardian } from "./harness.ts";

const started: number[] = [];

afterEach(async () => {
  for (const pid of started.splice(0)) await end(pid);
});

/** A guardian above a serving kernel, both ended after the test. */
async function guarded(): Promise<{ dataDir: string; guardian: Bun.Subprocess; kernel: number }> {
  const dataDir = temporaryFolder();
  const guardian = startFixtureGuardian(dataDir);
  started.push(guardian.pid);
  const kernel = await kernelAfter(dataDir);
  started.push(kernel.pid);
  return { dataDir, guardian, kernel: kernel.pid };
}

async function killKernel(dataDir: string, pid: number): Promise<number> {
  const stat = readStat(pid);
  if (stat) signalProcess(stat, 9);
  const next = await kernelAfter(dataDir, pid);
  started.push(next.pid);
  return next.pid;
}

async function spawnService(dataDir: string, script: string, out?: string) {
  const answer = await ask(dataDir, "/spawn", { command: ["/bin/sh", "-c", script], out });
  const stat = answer && readStat(answer.pid);
  if (!stat) throw new Error("the fixture kernel started nothing");
  started.push(stat.pid);
  return { pid: stat.pid, startTime: stat.startTime };
}

test("a kernel that is killed is followed by another one, as often as it takes", async () => {
  const { dataDir, guardian, kernel } = await guarded();
  const second = await killKernel(dataDir, kernel);
  const third = await killKernel(dataDir, second);
  expect(new Set([kernel, second, third]).size).toBe(3);
  expect(readStat(third)?.ppid).toBe(guardian.pid);
});

test("the exit of a service that outlived its kernel is recorded exactly, whether it exits or is killed", async () => {
  const { dataDir, kernel } = await guarded();
  const gate = join(dataDir, "gate");
  const exits = await spawnService(dataDir, `while [ ! -e ${gate} ]; do sleep 0.02; done; exit 7`);
  const killed = await spawnService(dataDir, "exec sleep 100");
  const killer = join(dataDir, "killer");
  const wait = `while [ ! -e ${killer} ]; do sleep 0.02; done`;
  const meanwhile = await spawnService(dataDir, `${wait}; kill -9 $PPID; exit 5`);
  writeFileSync(killer, "");
  await kernelAfter(dataDir, kernel).then(({ pid }) => started.push(pid));
  writeFileSync(gate, "");
  signalProcess(killed, 9);
  const folder = join(dataDir, "run", "exits");
  expect(await readExit(folder, exits, 5_000)).toEqual({ exit_code: 7, signal: null });
  expect(await readExit(folder, killed, 5_000)).toEqual({ exit_code: null, signal: "SIGKILL" });
  expect(await readExit(folder, meanwhile, 5_000)).toEqual({ exit_code: 5, signal: null });
  expect(await readExit(folder, exits, 0)).toBeUndefined();
});

test("what a service writes to its FIFO while no kernel runs is kept, and it gets no SIGPIPE", async () => {
  const { dataDir, guardian, kernel } = await guarded();
  const fifo = join(dataDir, "out.fifo");
  execFileSync("mkfifo", [fifo]);
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  await ask(dataDir, "/hold", { path: fifo });
  const gate = join(dataDir, "gate");
  const service = await spawnService(dataDir, `while [ ! -e ${gate} ]; do sleep 0.02; done; echo kept; exit 4`, fifo);
  await until("the guardian holds the FIFO", () => holds(fifo));
  closeSync(reader);
  await killKernel(dataDir, kernel);
  writeFileSync(gate, "");
  expect(await readExit(join(dataDir, "run", "exits"), service, 5_000)).toEqual({ exit_code: 4, signal: null });
  const again = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(100);
  expect(buffer.subarray(0, readSync(again, buffer, 0, 100, null)).toString()).toBe("kept\n");
  closeSync(again);
  await ask(dataDir, "/keep", { paths: [] });
  await until("the guardian dropped the FIFO", () => !holds(fifo));

  function holds(path: string): boolean {
    return execFileSync("ls", ["-l", `/proc/${guardian.pid}/fd`])
      .toString()
      .includes(path);
  }
});

test("an ordered stop ends the guardian as well", async () => {
  const { guardian } = await guarded();
  guardian.kill("SIGTERM");
  expect(await guardian.exited).toBe(0);
});

test("after an ordered stop the guardian stays for services that were kept", async () => {
  const { dataDir, guardian } = await guarded();
  const service = await spawnService(dataDir, "exec sleep 100");
  await ask(dataDir, "/exit", { code: 0 });
  await until("the service belongs to the guardian", () => readStat(service.pid)?.ppid === guardian.pid);
  expect(guardian.exitCode).toBeNull();
  signalProcess(service, 9);
  expect(await guardian.exited).toBe(0);
});

test("a kernel that crashes before it ever served is given up after three attempts, with a reason", async () => {
  const dataDir = temporaryFolder();
  mkdirSync(join(dataDir, "run"), { recursive: true });
  writeFileSync(join(dataDir, "run", "mode"), "crash");
  const guardian = startFixtureGuardian(dataDir);
  expect(await guardian.exited).toBe(3);
  const error = JSON.parse(readFileSync(join(dataDir, "run", "boot-error.json"), "utf8")).error;
  expect(error.message).toBe("the kernel crashed 3 times before it served");
  expect(readFileSync(join(dataDir, "logs", "kernel.log"), "utf8").match(/started kernel/g)?.length).toBe(3);
});

test("a kernel that can't start as things are is not tried again, and its own reason is kept", async () => {
  const dataDir = temporaryFolder();
  mkdirSync(join(dataDir, "run"), { recursive: true });
  writeFileSync(join(dataDir, "run", "mode"), "refuse");
  const guardian = startFixtureGuardian(dataDir);
  expect(await guardian.exited).toBe(78);
  const error = JSON.parse(readFileSync(join(dataDir, "run", "boot-error.json"), "utf8")).error;
  expect(error.code).toBe("storage_corrupt");
});

test("guardian and kernel write to one log", async () => {
  const { dataDir, kernel } = await guarded();
  const log = readFileSync(join(dataDir, "logs", "kernel.log"), "utf8");
  expect(log).toContain(`started kernel ${kernel}`);
  expect(log).toContain(`kernel ${kernel} serves`);
  expect(existsSync(join(dataDir, "run", "boot-error.json"))).toBe(false);
});
