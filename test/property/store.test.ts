import { expect, test } from "bun:test";
import { StoreModel } from "../support/store-model.ts";

/**
 * Random operations, sessions, checkpoints, ways back to them, compactions, crashes and recoveries against a plain model. A failing seed is
 * repeated by `SOLO_STORE_SEED=N bun test test/property/store.test.ts`; `SOLO_STORE_SEEDS` says how many are tried.
 */
const only = process.env.SOLO_STORE_SEED;
/** About 120 a second. */
const count = Number(process.env.SOLO_STORE_SEEDS ?? 4_000);
const steps = 120;

test("whatever is done and whatever goes wrong: every promise is kept, every session has a prefix, no value is made up", async () => {
  const seeds = only === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(only)];
  for (const seed of seeds) await runSeed(seed);
  expect(seeds.length).toBeGreaterThan(0);
}, 300_000);

test("a seed repeats every single operation on the files, so that what failed once fails again", async () => {
  for (let seed = 1; seed <= 25; seed++) {
    const [first, second] = [await runSeed(seed), await runSeed(seed)];
    expect(first.length).toBeGreaterThan(50);
    expect(second).toEqual(first);
  }
});

/** Returns what happened to the files. */
async function runSeed(seed: number): Promise<readonly string[]> {
  const model = new StoreModel(seed);
  try {
    await model.open();
    for (let step = 0; step < steps; step++) await model.step();
    await model.check();
    await model.crash();
    await model.abandon();
    return model.files.history;
  } catch (error) {
    throw new Error(`SOLO_STORE_SEED=${seed} after ${model.trail}`, { cause: error });
  }
}
