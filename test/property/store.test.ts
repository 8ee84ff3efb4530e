import { expect, test } from "bun:test";
import { StoreModel } from "../support/store-model.ts";

/**
 * Random operations, sessions, checkpoints, compactions, crashes and recoveries against a plain model. A failing seed is
 * repeated by `SOLO_STORE_SEED=N bun test test/property/store.test.ts`; `SOLO_STORE_SEEDS` says how many are tried.
 */
const only = process.env.SOLO_STORE_SEED;
// CI gives more: about 40 seeds a second.
const count = Number(process.env.SOLO_STORE_SEEDS ?? 600);
const steps = 120;

test("whatever is done and whatever goes wrong: every promise is kept, every session has a prefix, no value is made up", async () => {
  const seeds = only === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(only)];
  for (const seed of seeds) await runSeed(seed);
  expect(seeds.length).toBeGreaterThan(0);
}, 300_000);

async function runSeed(seed: number): Promise<void> {
  const model = new StoreModel(seed);
  try {
    await model.open();
    for (let step = 0; step < steps; step++) await model.step();
    await model.check();
    await model.crash();
    await model.abandon();
  } catch (error) {
    throw new Error(`SOLO_STORE_SEED=${seed} after ${model.trail}`, { cause: error });
  }
}
