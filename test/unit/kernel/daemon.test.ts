import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SoloError } from "../../../src/api/index.ts";
import { type DaemonOptions, startDaemon } from "../../../src/kernel/daemon.ts";
import { acquireLock, readStat } from "../../../src/system/index.ts";
import { processesOf } from "../../support/leftovers.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { ask, end, guardianCommand } from "./guardian/harness.ts";

const folders: string[] = [];

afterEach(async () => {
  for (const dataDir of folders.splice(0)) {
    // Also those that nobody waits for any more, and that would start as soon as a lock is let go of.
    await until("nothing of it is left", async () => {
      const left = processesOf(dataDir);
      for (const { pid } of left) await end(pid);
      return left.length === 0;
    });
  }
});

function daemon(dataDir = temporaryFolder()): DaemonOptions {
  folders.push(dataDir);
  return {
    dataDir,
    socketPath: join(dataDir, "solo.sock"),
    guardianCommand: guardianCommand(dataDir),
    timeoutMs: 10_000,
  };
}

function failing(mode: string): DaemonOptions {
  const options = daemon();
  mkdirSync(join(options.dataDir, "run"), { recursive: true });
  writeFileSync(join(options.dataDir, "run", "mode"), mode);
  return options;
}

async function errorOf(attempt: Promise<unknown>): Promise<SoloError> {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof SoloError) return error;
  throw new Error(`expected a SoloError, got ${error}`);
}

test("the first call starts a daemon, the second finds it", async () => {
  const options = daemon();
  const first = await startDaemon(options);
  expect(first.started).toBe(true);
  expect(await startDaemon(options)).toEqual({ pid: first.pid, started: false });
});

test("calls at the same time end with one daemon, and all succeed", async () => {
  const options = daemon();
  const calls = await Promise.all(Array.from({ length: 5 }, () => startDaemon(options)));
  expect(new Set(calls.map(({ pid }) => pid)).size).toBe(1);
  expect(calls.filter(({ started }) => started)).toHaveLength(1);
});

test("the daemon is a session of its own, in the root folder, and gets neither code to preload nor an instance's identity", async () => {
  const options = daemon();
  const kept = { NODE_OPTIONS: process.env.NODE_OPTIONS, SOLO_INSTANCE: process.env.SOLO_INSTANCE };
  Object.assign(process.env, { NODE_OPTIONS: "--no-warnings", SOLO_INSTANCE: "another" });
  await startDaemon(options).finally(() => restore(kept));
  const answer = await ask(options.dataDir, "/v1/health");
  const guardian = readStat(answer?.guardian ?? 0);
  expect(guardian?.sid).toBe(guardian?.pid ?? -1);
  expect(answer?.env?.PATH).toBe(process.env.PATH ?? "");
  expect(Object.keys(answer?.env ?? {})).not.toContain("NODE_OPTIONS");
  expect(Object.keys(answer?.env ?? {})).not.toContain("SOLO_INSTANCE");
});

test("the kernel's own error reaches the caller when it can't start", async () => {
  const error = await errorOf(startDaemon(failing("refuse")));
  expect([error.code, error.hint]).toEqual(["storage_corrupt", "mend it"]);
});

test("a kernel that crashes at its start is reported with the place of its log", async () => {
  const options = failing("crash");
  const error = await errorOf(startDaemon(options));
  expect(error.code).toBe("failed");
  expect(error.hint).toContain(join(options.dataDir, "logs", "kernel.log"));
});

test("a socket and a lock file of a daemon that is gone do no harm", async () => {
  const options = daemon();
  const { pid } = await startDaemon(options);
  await end((await ask(options.dataDir, "/v1/health"))?.guardian);
  await end(pid);
  const next = await startDaemon(options);
  expect(next.started).toBe(true);
  expect(next.pid).not.toBe(pid);
});

test("a kernel that is about to stop is waited for", async () => {
  const options = daemon();
  const lock = acquireLock(join(options.dataDir, "solo.lock"));
  const start = startDaemon(options);
  await until("the first attempt found the lock held", () => readLog(options.dataDir).includes("gives up"));
  lock?.release();
  expect((await start).started).toBe(true);
});

test("a daemon that doesn't answer in time is an error that names the socket", async () => {
  const options = daemon();
  // Held to the end of the test process: an attempt that is still on its way must not succeed after all.
  acquireLock(join(options.dataDir, "solo.lock"));
  const error = await errorOf(startDaemon({ ...options, timeoutMs: 300 }));
  expect([error.code, error.applied]).toEqual(["timeout", "unknown"]);
  expect(error.message).toContain(options.socketPath);
});

test("a data folder that can't be made is an error that names it", async () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  const error = await errorOf(startDaemon(daemon(join(file, "data"))));
  expect(error.code).toBe("io_error");
  expect(error.message).toContain(file);
});

function readLog(dataDir: string): string {
  const path = join(dataDir, "logs", "kernel.log");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

function restore(variables: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
