import { expect, test } from "bun:test";
import { type BudgetedLog, GlobalBudget } from "../../../../src/observe/logs/global-budget.ts";

/** A log of so many segments of 10 bytes. */
class Segments implements BudgetedLog {
  constructor(private count: number) {}
  get bytes(): number {
    return this.count * 10;
  }
  get hasOlderPart(): boolean {
    return this.count > 1;
  }
  dropOldest(): void {
    this.count -= 1;
  }
}

function budget(limit: number, logs: Readonly<Record<string, Segments>>): void {
  const known = new Map(Object.entries(logs));
  const kept = new GlobalBudget(limit, (key) => known.get(key) ?? new Segments(0));
  for (const [key, log] of known) kept.set(key, log.bytes);
}

test("the largest logs lose their oldest parts first", () => {
  const logs = { small: new Segments(2), large: new Segments(6) };
  budget(50, logs);
  expect([logs.small.bytes, logs.large.bytes]).toEqual([20, 30]);
});

test("a log that would lose its newest lines is spared while another can give an older part", () => {
  const logs = { single: new Segments(1), several: new Segments(3) };
  budget(20, logs);
  expect([logs.single.bytes, logs.several.bytes]).toEqual([10, 10]);
});

test("the cap holds even when every log is a single part", () => {
  const logs = { one: new Segments(1), two: new Segments(1), three: new Segments(1) };
  budget(20, logs);
  expect(logs.one.bytes + logs.two.bytes + logs.three.bytes).toBe(20);
});
