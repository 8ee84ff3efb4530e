import { Database } from "bun:sqlite";
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Daemon, failure, waitFor } from "../support/index.ts";

setDefaultTimeout(120_000);

const fdsOf = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;

/** Descriptors once nothing is on its way any more: the fewest of some looks. */
async function settledFds(pid: number, atMost: number): Promise<number> {
  await waitFor(() => fdsOf(pid) <= atMost, { what: `at most ${atMost} descriptors of ${pid}` }).catch(() => undefined);
  return fdsOf(pid);
}

test("deploying and killing again and again leaves no descriptor, FIFO, record or process behind", async () => {
  await using daemon = await Daemon.start();
  const [kernel, guardian] = [await daemon.kernel(), await daemon.guardian()];
  const cycle = async (turn: number) => {
    await daemon.deploy({
      web: daemon.module("web.ts", `export default { fetch: () => new Response("${turn % 3}") };`),
      command: daemon.shell(`: ${turn % 5}; exec sleep 1000`),
    });
    await Promise.all(["web", "command"].map((name) => daemon.client.kill({ name })));
  };
  for (let turn = 0; turn < 10; turn++) await cycle(turn);
  const before = { kernel: fdsOf(kernel), guardian: fdsOf(guardian) };
  for (let turn = 0; turn < 60; turn++) await cycle(turn);
  expect(await settledFds(kernel, before.kernel + 2)).toBeLessThanOrEqual(before.kernel + 2);
  expect(await settledFds(guardian, before.guardian + 2)).toBeLessThanOrEqual(before.guardian + 2);
  for (const folder of ["fifos", "exits"]) expect(readdirSync(join(daemon.env.dataDir, "run", folder))).toEqual([]);
  expect(daemon.processes()).toEqual([]);
});

test("three hundred quick crashes leave nothing behind, and the kernel answers all the while", async () => {
  await using daemon = await Daemon.start();
  const kernel = await daemon.kernel();
  const restart = { max: 1_000_000, backoff_min_ms: 1, backoff_max_ms: 1 };
  await daemon.deploy({ crash: daemon.shell("exit 1", { restart }) }, { wait: false });
  await daemon.until("crash", ({ restarts }) => restarts >= 50);
  const before = fdsOf(kernel);
  let slowest = 0;
  for (let restarts = 0; restarts < 300; ) {
    const begin = performance.now();
    restarts = (await daemon.status("crash")).restarts;
    slowest = Math.max(slowest, performance.now() - begin);
    await Bun.sleep(1);
  }
  // A heartbeat is late after five seconds: the kernel must never be away for anything like it.
  expect(slowest).toBeLessThan(2_000);
  await daemon.client.kill({ name: "crash" });
  expect(await settledFds(kernel, before)).toBeLessThanOrEqual(before);
  for (const folder of ["fifos", "exits"]) expect(readdirSync(join(daemon.env.dataDir, "run", folder))).toEqual([]);
});

test("a program that locks the database stops changes, and nothing else", async () => {
  await using daemon = await Daemon.start();
  await daemon.deploy({ web: daemon.module("web.ts", `export default { fetch: () => new Response("up") };`) });
  const [pid = 0] = daemon.processes("web");
  const database = new Database(join(daemon.env.dataDir, "kernel.db"));
  database.run("PRAGMA busy_timeout = 5000");
  database.run("BEGIN IMMEDIATE");
  const begin = performance.now();
  const late = failure(daemon.deploy({ late: daemon.shell("exec sleep 1000") }));
  expect(await late).toMatchObject({ code: "locked", exit: 6, applied: "no" });
  expect(await failure(daemon.client.kill({ name: "web" }))).toMatchObject({ code: "locked", exit: 6 });
  // SQLite waits for locks on the kernel's only thread: it must not do so for long.
  expect(performance.now() - begin).toBeLessThan(5_000);
  process.kill(pid, "SIGKILL");
  await daemon.until("web", ({ state, restarts }) => state === "ready" && restarts === 1);
  expect(await (await daemon.env.fetch("web")).text()).toBe("up");
  database.run("ROLLBACK");
  database.close();
  expect((await failure(daemon.status("late"))).code).toBe("not_found");
  await daemon.client.kill({ name: "web" });
  expect(daemon.processes()).toEqual([]);
});

test("the next kernel keeps the latest revisions and what runs, and removes other artifacts", async () => {
  await using daemon = await Daemon.start();
  const say = (text: string) => `export default { fetch: () => new Response("${text}") };`;
  for (let turn = 0; turn < 13; turn++) await daemon.deploy({ web: daemon.module("web.ts", say(`turn ${turn}`)) });
  await daemon.deploy({ other: daemon.module("other.ts", say("turn 0")) });
  await daemon.crashKernel();
  const artifacts = readdirSync(join(daemon.env.dataDir, "artifacts"));
  // Ten of the one service; the oldest is the other's as well.
  expect(artifacts.length).toBe(11);
  for (const [name, text] of [
    ["web", "turn 12"],
    ["other", "turn 0"],
  ] as const) {
    expect(await (await daemon.env.fetch(name)).text()).toBe(text);
    process.kill((await daemon.status(name)).instances[0]?.pid ?? 0, "SIGKILL");
    await daemon.until(name, ({ state, restarts }) => state === "ready" && restarts === 1);
    expect(await (await daemon.env.fetch(name)).text()).toBe(text);
  }
});
