import { expect, test } from "bun:test";
import fc from "fast-check";
import { StoreError } from "../../src/store/index.ts";
import type { DurableLog } from "../../src/store/log/index.ts";
import { FaultyFileSystem } from "../support/faulty-files/index.ts";
import { LogModel, openOn } from "../support/log-model.ts";
import { steadyClock } from "../support/steady-clock.ts";

/**
 * Random histories of a log against a model: appends, batches, commits, truncations, iterators, orderly ends, kills, losses
 * of power and failing disks, in any order. `SOLO_PROPERTY_RUNS` sets how many; a failure prints seed and path.
 */
const numRuns = Number(process.env.SOLO_PROPERTY_RUNS ?? 3_000);

const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant("append" as const), bytes: fc.oneof(fc.nat(60), fc.nat(3_000)) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("batch" as const),
      sizes: fc.array(fc.nat(1_500), { minLength: 1, maxLength: 5 }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("commit" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait" as const), back: fc.nat(6) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("truncate" as const), back: fc.nat(12) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("complete" as const), name: fc.constantFrom("a", "b"), back: fc.nat(6) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("close" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("kill" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("power" as const), after: fc.nat(12) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("fault" as const),
      on: fc.constantFrom("write" as const, "sync" as const, "folder-sync" as const, "name" as const),
      code: fc.constantFrom("EIO" as const, "ENOSPC" as const),
      after: fc.nat(4),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

test(
  "whatever happens, acknowledged entries are there, in order and whole, and nothing that wasn't written",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(step, { minLength: 5, maxLength: 60 }), async (seed, steps) => {
        await played(seed, steps);
      }),
      { numRuns },
    );
  },
  { timeout: 600_000 },
);

test("a seed repeats every single operation on the files, so that what failed once fails again", async () => {
  const samples = fc.sample(fc.tuple(fc.nat(), fc.array(step, { minLength: 20, maxLength: 60 })), 25);
  for (const [seed, steps] of samples) expect(await played(seed, steps)).toEqual(await played(seed, steps));
});

/** What happened to the files. */
async function played(seed: number, steps: readonly Step[]): Promise<readonly string[]> {
  const history = new History(seed);
  await history.begin();
  for (const each of steps) await history.perform(each);
  await history.end();
  return history.operations;
}

class History {
  readonly #files: FaultyFileSystem;
  readonly #model = new LogModel();
  #log: DurableLog | undefined;

  readonly #clock: () => number;

  constructor(seed: number) {
    this.#files = new FaultyFileSystem(seed);
    this.#clock = steadyClock(seed);
  }

  get operations(): readonly string[] {
    return this.#files.history;
  }

  async begin(): Promise<void> {
    this.#log = await openOn(this.#files, { clock: this.#clock });
  }

  async perform(each: Step): Promise<void> {
    try {
      this.#log ??= await this.#reopened();
      await this.#perform(each, this.#log);
    } catch (error) {
      // The disk failed, or the power went: the log says so, and is opened again.
      if (!(error instanceof StoreError) || error.code === "corrupt") throw error;
      expect(["io_error", "full", "poisoned", "busy"]).toContain(error.code);
      if (error.code === "busy") await this.#log?.waitForRoom().catch(() => undefined);
      else this.#log = await this.#again(error);
    }
  }

  async end(): Promise<void> {
    this.#files.crash();
    this.#log = await this.#reopened();
    expect((await this.#log.selfCheck()).ok).toBe(true);
    await this.#log.close();
  }

  async #perform(each: Step, log: DurableLog): Promise<void> {
    const model = this.#model;
    const last = model.entries.length - 1;
    if (each.do === "append") model.append(log, model.text(each.bytes));
    else if (each.do === "batch")
      model.batch(
        log,
        each.sizes.map((bytes) => model.text(bytes)),
      );
    else if (each.do === "commit") await model.commit(log);
    else if (each.do === "wait") await model.waitForCommit(log, last - each.back);
    else if (each.do === "truncate") await model.truncate(log, last - each.back);
    else if (each.do === "complete") model.complete(log, each.name, last - each.back);
    else if (each.do === "fault") this.#files.fail(each);
    else if (each.do === "power") this.#files.crashAt(this.#files.operations + each.after);
    else if (each.do === "kill") this.#log = await this.#killed(log);
    else if (each.do === "close") this.#log = await this.#closed(log);
  }

  async #closed(log: DurableLog): Promise<DurableLog> {
    const appended = this.#model.entries.length;
    await log.close();
    this.#model.acknowledged = Math.max(this.#model.acknowledged, this.#model.entries[appended - 1]?.sequence ?? 0);
    for (const position of this.#model.iterators.values()) position.must = position.may;
    return this.#reopened();
  }

  async #killed(_: DurableLog): Promise<DurableLog> {
    this.#files.killProcess();
    return this.#reopened();
  }

  /** After a failure: sometimes the same machine goes on, sometimes it lost power. */
  async #again(error: StoreError): Promise<DurableLog> {
    const isPowerLoss = error.message.includes("power");
    if (isPowerLoss || this.#files.operations % 2 === 0) this.#files.crash();
    else this.#files.killProcess();
    return this.#reopened();
  }

  async #reopened(): Promise<DurableLog> {
    for (;;) {
      try {
        const log = await openOn(this.#files, { clock: this.#clock });
        await this.#model.check(log);
        return log;
      } catch (error) {
        if (!(error instanceof StoreError) || error.code === "corrupt") throw error;
        this.#files.crash();
      }
    }
  }
}
