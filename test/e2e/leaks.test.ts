import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Daemon, waitFor } from "../support/index.ts";

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
