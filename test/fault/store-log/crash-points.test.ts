import { describe, expect, test } from "bun:test";
import { StoreError } from "../../../src/store/index.ts";
import type { DurableLog } from "../../../src/store/log/index.ts";
import { FaultyFileSystem, PowerLoss } from "../../support/faulty-files/index.ts";
import { LogModel, openOn } from "../../support/log-model.ts";

/**
 * The power goes during every single operation of a scenario, in several ways each, and again while the log recovers.
 * `SOLO_FAULT_SEEDS` sets how many ways.
 */
const seeds = Number(process.env.SOLO_FAULT_SEEDS ?? 10);

type Scenario = (log: DurableLog, model: LogModel) => Promise<void>;

const scenarios: Record<string, Scenario> = {
  "appends and commits": async (log, model) => {
    for (let round = 0; round < 5; round++) {
      for (let count = 0; count < 3; count++) model.append(log, model.text(40 + 300 * count));
      await model.commit(log);
    }
  },
  "many waiters of one group, and groups that follow without a pause": async (log, model) => {
    const waits: Promise<void>[] = [];
    for (let index = 0; index < 12; index++) {
      model.append(log, model.text(200));
      const wait = model.waitForCommit(log, index);
      // Awaited below, unless the power goes before.
      wait.catch(() => undefined);
      waits.push(wait);
      if (index % 3 === 2) await Promise.resolve();
    }
    await Promise.all(waits);
  },
  "atomic batches": async (log, model) => {
    for (let round = 0; round < 4; round++) {
      model.batch(log, [model.text(600), model.text(10), model.text(900), model.text(100)]);
      if (round % 2 === 1) await model.commit(log);
    }
    await model.commit(log);
  },
  "segments are begun": async (log, model) => {
    for (let round = 0; round < 4; round++) {
      for (let count = 0; count < 4; count++) model.append(log, model.text(1_500));
      await model.commit(log);
    }
  },
  "more than one segment in a commit, with batches": async (log, model) => {
    for (let count = 0; count < 4; count++) {
      model.batch(log, [model.text(2_000), model.text(2_000)]);
      model.append(log, model.text(1_000));
    }
    await model.commit(log);
  },
  truncation: async (log, model) => {
    for (let round = 0; round < 3; round++) {
      for (let count = 0; count < 6; count++) model.append(log, model.text(1_200));
      await model.commit(log);
      await model.truncate(log, model.entries.length - 3);
    }
    model.append(log, model.text(50));
    await model.commit(log);
  },
  "named iterators": async (log, model) => {
    for (let round = 0; round < 4; round++) {
      for (let count = 0; count < 3; count++) model.append(log, model.text(900));
      await model.commit(log);
      model.complete(log, "one", model.entries.length - 2);
      if (round > 1) model.complete(log, "two", model.entries.length - 1);
      await model.commit(log);
    }
  },
  "an orderly end": async (log, model) => {
    for (let count = 0; count < 3; count++) model.append(log, model.text(500));
    await model.commit(log);
    model.append(log, model.text(500));
    await log.close();
    model.acknowledged = model.entries.length;
  },
};

/** What a scenario may meet once the power is gone. */
function isPowerLoss(error: unknown): boolean {
  if (error instanceof PowerLoss) return true;
  return error instanceof StoreError && isPowerLoss(error.cause);
}

async function untilPowerLoss(act: () => Promise<void>): Promise<boolean> {
  try {
    await act();
    return false;
  } catch (error) {
    if (!isPowerLoss(error)) throw error;
    return true;
  }
}

async function prepared(seed: number): Promise<FaultyFileSystem> {
  const files = new FaultyFileSystem(seed);
  files.makeFolder("/log");
  await files.syncFolder("/");
  return files;
}

/** Opens, compares, goes on writing, loses power again, and compares once more. */
async function checkAfterwards(files: FaultyFileSystem, model: LogModel): Promise<void> {
  const log = await openOn(files);
  await model.check(log);
  const [lost] = model.lost;
  if (lost !== undefined) {
    // Where it ends, leftovers of what was lost could go on: they must not come back.
    model.append(log, model.text(lost.text.length));
    await model.commit(log);
    files.crash();
    const after = await openOn(files);
    await model.check(after);
    expect(model.lost).toEqual([]);
    files.killProcess();
    return checkAfterwards(files, model);
  }
  // What was shown to a reader must never be taken back.
  files.crash();
  const again = await openOn(files);
  await model.check(again);
  model.append(again, model.text(700));
  model.batch(again, [model.text(30), model.text(3_000)]);
  await model.commit(again);
  files.crash();
  const last = await openOn(files);
  await model.check(last);
  expect((await last.selfCheck()).ok).toBe(true);
  await last.close();
}

describe.each(Object.entries(scenarios))("%s", (_, scenario) => {
  test("survive a loss of power during every operation", async () => {
    const whole = await prepared(0);
    await scenario(await openOn(whole), new LogModel());
    const operations = whole.operations;
    expect(operations).toBeGreaterThan(10);
    for (let operation = 3; operation <= operations + 1; operation++) {
      for (let seed = 1; seed <= seeds; seed++) {
        const files = await prepared(seed * 1_000_003 + operation);
        const model = new LogModel();
        try {
          files.crashAt(operation);
          await untilPowerLoss(async () => scenario(await openOn(files), model));
          files.crash();
          await checkAfterwards(files, model);
        } catch (error) {
          throw new Error(`seed ${seed}, operation ${operation}:\n${files.history.slice(-40).join("\n")}`, {
            cause: error,
          });
        }
      }
    }
  });

  test("survive a second loss of power at every operation of the recovery", async () => {
    for (let seed = 1; seed <= Math.ceil(seeds / 2); seed++) {
      const operation = 12 + ((seed * 7) % 40);
      for (let second = 1, isOver = false; !isOver; second++) {
        const files = await prepared(seed * 7_919 + second);
        const model = new LogModel();
        files.crashAt(operation);
        await untilPowerLoss(async () => scenario(await openOn(files), model));
        files.crash();
        files.crashAt(files.operations + second);
        isOver = !(await untilPowerLoss(async () => void (await openOn(files))));
        files.crash();
        try {
          await checkAfterwards(files, model);
        } catch (error) {
          throw new Error(`seed ${seed}, second ${second}:\n${files.history.slice(-40).join("\n")}`, { cause: error });
        }
      }
    }
  });
});
