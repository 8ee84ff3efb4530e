import { expect, setDefaultTimeout, test } from "bun:test";
import { Daemon } from "../../support/index.ts";
import { seededRandom } from "../../support/random.ts";

/** More of them find more; a failure prints the seed. */
const kills = Number(process.env.SOLO_FAULT_KILLS ?? 8);

setDefaultTimeout(60_000 + kills * 5_000);

/**
 * Writes without an end, each client keys of its own, and remembers on its own disk what was acknowledged: the service outlives
 * the kernels, so what its memory says counts.
 */
const writer = `
import { defineService } from "solo";
const clients = 32;
const acknowledged = Array.from({ length: clients }, () => 0);
const attempted = Array.from({ length: clients }, () => 0);
let increments = 0, unknown = 0, isOver = false;
const versions = Array.from({ length: clients }, () => 0);
async function client(state, number) {
  while (!isOver) {
    const count = attempted[number] + 1;
    attempted[number] = count;
    try {
      await state.transaction(async (tx) => {
        const before = (await tx.get("a" + number)) ?? 0;
        tx.set("a" + number, before + 1);
        tx.set("b" + number, before + 1);
      });
      await state.increment("sum");
      increments++;
      const version = await state.set("last" + number, count);
      if (version <= versions[number]) throw new Error("a version came twice");
      versions[number] = version;
      acknowledged[number] = count;
    } catch (error) { if (error.applied === "unknown") unknown++; else throw error; }
  }
}
let running = [];
export default defineService({
  start({ state }) { running = Array.from({ length: clients }, (_, number) => client(state, number)); },
  async fetch(request, { state }) {
    if (new URL(request.url).pathname === "/progress") return Response.json(Math.min(...acknowledged));
    isOver = true;
    await Promise.all(running);
    const found = {};
    for await (const { key, value } of state.scan()) found[key] = value;
    return Response.json({ acknowledged, increments, unknown, found });
  },
});
`;

interface Outcome {
  readonly acknowledged: readonly number[];
  readonly increments: number;
  readonly unknown: number;
  readonly found: Readonly<Record<string, number>>;
}

test("kernels that are killed at random moments lose nothing acknowledged, invent nothing, and apply nothing twice", async () => {
  const seed = Number(process.env.SOLO_FAULT_SEED ?? Date.now() % 1_000_000);
  const random = seededRandom(seed);
  await using daemon = await Daemon.start();
  await daemon.deploy({ writer: daemon.module("writer.ts", writer) });
  const progress = async () => Number(await (await daemon.env.fetch("writer", "/progress")).text());
  let least = 0;
  for (let kill = 0; kill < kills; kill++) {
    // Every client has written since the last kill; then a random moment of its work.
    const wanted = least + 1 + random.below(40);
    while (least < wanted) least = await progress().catch(() => least);
    // A guardian waits longer before each of many restarts: a new one now and then.
    if (kill % 4 === 3) await daemon.replaceBoth();
    else await daemon.crashKernel();
    await daemon.until("writer", "ready");
  }
  const answer: Outcome = JSON.parse(await (await daemon.env.fetch("writer", "/end")).text());
  const { acknowledged, increments, unknown, found } = answer;
  const told = `seed ${seed}`;
  expect([told, unknown]).toEqual([told, 0]);
  for (const [number, count] of acknowledged.entries()) {
    const { [`a${number}`]: a, [`b${number}`]: b, [`last${number}`]: last } = found;
    expect([told, number, a, b, last]).toEqual([told, number, count, count, count]);
  }
  expect([told, found.sum]).toEqual([told, increments]);
  expect((await daemon.status("writer")).restarts).toBe(0);
});
