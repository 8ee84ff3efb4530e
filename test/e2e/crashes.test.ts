import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type CrashDocument, crashListSchema } from "../../src/api/index.ts";
import { type SoloEnv, soloEnv, waitFor } from "../support/index.ts";

/** Processes that die for real, and what is on record of them. */

let env: SoloEnv;
beforeAll(async () => {
  env = soloEnv();
  env.write(
    "hungry.ts",
    `const kept: Uint8Array[] = []; setInterval(() => kept.push(new Uint8Array(8e6).fill(1)), 20);`,
  );
  env.write(
    "solo.toml",
    `[service.segfault]
    command = ["/usr/bin/python3", "-u", "-c", "import ctypes; print('last words'); ctypes.string_at(0)"]
    restart = { policy = "temporary" }
    [service.failing]
    command = ["/bin/sh", "-c", "for i in $(seq 1 30); do echo line $i; done; exit 7"]
    restart = { policy = "permanent", max = 100, within = "1h", backoff = "1ms..2ms" }
    [service.hungry]
    source = "hungry.ts"
    limits = { memory = "90MB" }
    restart = { policy = "temporary" }
    [service.sleeper]
    command = ["/bin/sleep", "1000"]
    restart = { policy = "temporary" }
    [service.quiet]
    command = ["/bin/true"]
    restart = { policy = "temporary" }`,
  );
  await env.run(["deploy", "-f", "solo.toml", "--no-wait"]);
});
afterAll(() => env[Symbol.asyncDispose]());

async function crashesOf(name: string): Promise<CrashDocument[]> {
  const { stdout } = (await env.run(["crashes", name, "--json"])).expect();
  return crashListSchema.parse(JSON.parse(stdout)).crashes;
}

async function crashOf(name: string): Promise<CrashDocument> {
  return await waitFor(async () => (await crashesOf(name))[0], { what: `a crash of ${name}`, deadlineMs: 30_000 });
}

test("a segmentation fault is on record with the last words, and where a core dump would be", async () => {
  const crash = await crashOf("segfault");
  expect(crash).toMatchObject({ signal: "SIGSEGV", exit_code: null, known: true, log: ["last words"] });
  const isPiped = readFileSync("/proc/sys/kernel/core_pattern", "utf8").startsWith("|");
  expect(crash.core).toContain(isPiped ? "core dump" : "its sandbox allows none");
  expect((await env.run(["crashes", "segfault"])).expect().stdout).toContain("│ last words");
});

test("one that used more memory than its limit, with limit and use", async () => {
  const crash = await crashOf("hungry");
  expect(crash).toMatchObject({ signal: "SIGKILL", limits: { memory_bytes: 90_000_000 }, core: null });
  expect(crash.reason).toContain("more than its limit of memory");
});

test("one that was killed by somebody", async () => {
  const status = JSON.parse((await env.run(["status", "sleeper", "--json"])).expect().stdout);
  const pid: number = status.instances[0].pid;
  process.kill(pid, "SIGKILL");
  expect(await crashOf("sleeper")).toMatchObject({
    pid,
    signal: "SIGKILL",
    reason: expect.stringContaining("SIGKILL"),
  });
});

test("one that fails again and again: the latest twenty, with their last lines", async () => {
  const crashes = await waitFor(
    async () => {
      const found = await crashesOf("failing");
      return (found[0]?.restarts ?? 0) > 21 && found;
    },
    { what: "more than twenty crashes", deadlineMs: 60_000 },
  );
  expect(crashes).toHaveLength(20);
  expect(crashes[0]).toMatchObject({ exit_code: 7, signal: null, core: null });
  expect(crashes[0]?.log).toEqual(Array.from({ length: 20 }, (_, index) => `line ${index + 11}`));
  (await env.run(["kill", "failing"])).expect();
});

test("none of one that ended well or was asked to stop, and all without a kernel", async () => {
  expect(await crashesOf("quiet")).toEqual([]);
  const before = (await crashesOf("failing")).length;
  (await env.run(["stop"])).expect();
  expect(await crashesOf("failing")).toHaveLength(before);
  expect((await env.run(["crashes", "nobody"])).code).toBe(5);
});
