import { describe, expect, test } from "bun:test";
import { consumptionOf, type Watched, watch } from "../../../../src/supervise/limits/consumption.ts";
import { type ProcessStat, pageSize, parseStat } from "../../../../src/system/index.ts";

const pid = 42;

/** One process that is looked at once a second, and how much of a core it uses in between. */
class OneProcess {
  readonly watched: Watched = watch(pid);
  #seconds = 1_000;
  #ticks = 0;
  #stat: ProcessStat | undefined;

  /** @param cores for so many seconds */
  uses(cores: number, seconds = 1) {
    let used = this.watched.used;
    for (let second = 0; second < seconds; second++) {
      this.#seconds += 1;
      this.#ticks += cores * 100;
      const stat = parseStat(`${pid} (sh) S 1 1 1 0 -1 0 0 0 0 0 ${this.#ticks} 0 0 0 20 0 1 0 7 0 100`);
      if (this.#stat?.utimeTicks !== stat?.utimeTicks) this.#stat = stat;
      const found = this.#stat;
      const tree = found === undefined ? [] : [found];
      const at = { wallMs: this.#seconds * 1_000, monotonicMs: this.#seconds * 1_000 };
      const scan = { get: () => found, treeOf: () => tree };
      used = consumptionOf(this.watched, { scan, at, orphans: [], calls: 0, limits: undefined });
    }
    return used;
  }
}

describe("the use of the processor", () => {
  test("is an average over ten seconds for its limit, and over five for the eyes", () => {
    const one = new OneProcess();
    one.uses(0);
    expect(one.uses(0.5)).toMatchObject({ cpuCores: 0.5, averageCores: 0 });
    expect(one.uses(0.5, 9)).toMatchObject({ cpuCores: 0.5, averageCores: 0.5 });
    expect(one.watched.usage).toEqual({ rssBytes: 100 * pageSize(), cpuPercent: 50 });
    expect(one.uses(0, 5)).toMatchObject({ cpuCores: 0, averageCores: 0.25 });
    expect(one.watched.usage.cpuPercent).toBe(0);
    expect(one.uses(0, 5)).toMatchObject({ cpuCores: 0, averageCores: 0 });
  });

  test("counts the rest before it: what wakes up once is not busy", () => {
    const one = new OneProcess();
    one.uses(0, 600);
    expect(one.uses(1)).toMatchObject({ cpuCores: 1, averageCores: 0.1 });
    expect(one.watched.usage.cpuPercent).toBe(20);
    expect(one.uses(0)).toMatchObject({ cpuCores: 0, averageCores: 0.1 });
    expect(one.watched.usage.cpuPercent).toBe(20);
    expect(one.uses(0, 8)).toMatchObject({ averageCores: 0.1 });
    expect(one.uses(0, 1)).toMatchObject({ averageCores: 0 });
  });

  test("needs nothing kept while nothing happens", () => {
    const one = new OneProcess();
    const used = one.uses(0, 100);
    expect(one.uses(0, 100)).toBe(used);
    expect(one.watched.cpu.length).toBeLessThan(4);
  });
});

test("a minute of samples is kept, each with its own time", () => {
  const one = new OneProcess();
  one.uses(0, 70);
  one.uses(0.5, 10);
  const samples = one.watched.history.all();
  expect(samples).toHaveLength(60);
  expect(samples.map(({ time }) => time / 1_000)).toEqual(Array.from({ length: 60 }, (_, index) => 1_021 + index));
  expect(samples.map(({ cpuCores }) => cpuCores)).toEqual([...Array(50).fill(0), ...Array(10).fill(0.5)]);
  expect(one.watched.history.all()).toBe(samples);
  one.uses(0);
  expect(one.watched.history.all()[0]).toBe(samples[1]);
});
