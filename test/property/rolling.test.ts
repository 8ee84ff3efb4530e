import { test } from "bun:test";
import fc from "fast-check";
import { type Fleet, RolloutFailure, rollOut } from "../../src/deploy/index.ts";

/** A fleet in memory whose n-th start of the new revision fails when the script says so. */
class ModelFleet implements Fleet<string> {
  readonly running: Set<string>;
  lowest: number;
  #starts = 0;
  #names = 0;

  constructor(
    old: readonly string[],
    private readonly failures: readonly boolean[],
  ) {
    this.running = new Set(old);
    this.lowest = old.length;
  }

  startNew = async (): Promise<string> => {
    const fails = this.failures[this.#starts++] ?? false;
    await Promise.resolve();
    if (fails) throw new Error("does not get ready");
    return this.#start("new");
  };

  startOld = async (): Promise<string> => this.#start("old");

  stop = async (unit: string): Promise<void> => {
    this.running.delete(unit);
    this.lowest = Math.min(this.lowest, this.running.size);
  };

  progress(): void {}

  #start(kind: string): string {
    const unit = `${kind}-again-${this.#names++}`;
    this.running.add(unit);
    return unit;
  }
}

const oldCounts = fc.integer({ min: 0, max: 12 });
const replicaCounts = fc.integer({ min: 0, max: 12 });
const scripts = fc.array(fc.boolean(), { maxLength: 16 });

test("a rollout ends with exactly the wanted new instances, or with as many old ones as before", async () => {
  await fc.assert(
    fc.asyncProperty(oldCounts, replicaCounts, scripts, fc.boolean(), async (count, replicas, failures, recreate) => {
      const old = Array.from({ length: count }, (_, index) => `old-${index}`);
      const fleet = new ModelFleet(old, failures);
      try {
        const fresh = await rollOut(fleet, { old, replicas, recreate });
        return (
          fresh.length === replicas &&
          fleet.running.size === replicas &&
          [...fleet.running].every((unit) => unit.startsWith("new"))
        );
      } catch (error) {
        if (!(error instanceof RolloutFailure)) throw error;
        return fleet.running.size === count && [...fleet.running].every((unit) => unit.startsWith("old"));
      }
    }),
  );
});

test("the number of ready instances never falls below what is wanted and was there", async () => {
  await fc.assert(
    fc.asyncProperty(oldCounts, replicaCounts, scripts, async (count, replicas, failures) => {
      const old = Array.from({ length: count }, (_, index) => `old-${index}`);
      const fleet = new ModelFleet(old, failures);
      await rollOut(fleet, { old, replicas, recreate: false }).catch((error: unknown) => {
        if (!(error instanceof RolloutFailure)) throw error;
      });
      return fleet.lowest >= Math.min(count, replicas);
    }),
  );
});

test("one that was broken off ends as if it had not been, and never falls below what it found", async () => {
  const counts = fc.integer({ min: 0, max: 12 });
  await fc.assert(
    fc.asyncProperty(counts, counts, replicaCounts, scripts, async (left, done, replicas, failures) => {
      const old = Array.from({ length: left }, (_, index) => `old-${index}`);
      const fresh = Array.from({ length: done }, (_, index) => `new-${index}`);
      const fleet = new ModelFleet([...old, ...fresh], failures);
      const plan = { old, fresh, replaced: done, replicas, recreate: false };
      const wanted = await rollOut(fleet, plan).then(
        () => ({ kind: "new", count: replicas }),
        (error: unknown) => {
          if (error instanceof RolloutFailure) return { kind: "old", count: left + done };
          throw error;
        },
      );
      return (
        fleet.running.size === wanted.count &&
        [...fleet.running].every((unit) => unit.startsWith(wanted.kind)) &&
        fleet.lowest >= Math.min(left + done, replicas)
      );
    }),
  );
});
