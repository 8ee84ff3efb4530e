import { expect, test } from "bun:test";
import { SoloError } from "../../../../src/api/index.ts";
import { type Rate, RateLimit } from "../../../../src/traffic/admission/index.ts";

/** A clock that stands until it is moved. */
class Standing {
  now = 0;
  monotonic = () => this.now;
}

function taken(limit: RateLimit, holder: string, times: number, rates?: readonly Rate[]): number {
  let count = 0;
  for (let time = 0; time < times; time++) {
    try {
      limit.take(holder, rates);
      count++;
    } catch (error) {
      if (!(error instanceof SoloError) || error.code !== "limit_exceeded") throw error;
    }
  }
  return count;
}

test("a second's worth may come at once, then as many as the rate grants", () => {
  const clock = new Standing();
  const limit = new RateLimit(1_000, clock);
  expect(taken(limit, "a", 1_500)).toBe(1_000);
  clock.now += 100;
  expect(taken(limit, "a", 1_500)).toBe(100);
  clock.now += 3_600_000;
  expect(taken(limit, "a", 1_500)).toBe(1_000);
});

test("one holder's requests leave another's alone", () => {
  const limit = new RateLimit(10, new Standing());
  expect(taken(limit, "a", 100)).toBe(10);
  expect(taken(limit, "b", 100)).toBe(10);
});

test("who is refused is told when the next one is granted, and then it is", () => {
  const clock = new Standing();
  const limit = new RateLimit(4, clock);
  taken(limit, "a", 4);
  try {
    limit.take("a");
    throw new Error("it was not refused");
  } catch (error) {
    const wait = error instanceof SoloError ? error.details?.retry_after_ms : undefined;
    expect(wait).toBe(250);
  }
  clock.now += 249;
  expect(taken(limit, "a", 1)).toBe(0);
  clock.now += 1;
  expect(taken(limit, "a", 1)).toBe(1);
});

test("a capability's own rate and its ancestors' hold together, and a request that one refuses counts against none", () => {
  const clock = new Standing();
  const limit = new RateLimit(1_000, clock);
  const rates = [
    { id: "child", per_second: 50 },
    { id: "parent", per_second: 20 },
  ];
  expect(taken(limit, "child", 100, rates)).toBe(20);
  expect(taken(limit, "sibling", 100, [{ id: "parent", per_second: 20 }])).toBe(0);
  clock.now += 1_000;
  expect(taken(limit, "parent", 100, [{ id: "parent", per_second: 20 }])).toBe(20);
  expect(taken(limit, "child", 100, [{ id: "child", per_second: 50 }])).toBe(50);
});

test("a rate of its own can't be above the general one, and one below a request a second still grants one at a time", () => {
  const clock = new Standing();
  const limit = new RateLimit(5, clock);
  expect(taken(limit, "a", 100, [{ id: "a", per_second: 1_000_000 }])).toBe(5);
  expect(taken(limit, "slow", 100, [{ id: "slow", per_second: 0.1 }])).toBe(1);
  clock.now += 10_000;
  expect(taken(limit, "slow", 100, [{ id: "slow", per_second: 0.1 }])).toBe(1);
});

test("who asks no more is forgotten", () => {
  const clock = new Standing();
  const limit = new RateLimit(10, clock);
  for (let holder = 0; holder < 10_000; holder++) limit.take(`holder-${holder}`);
  expect(limit.known).toBe(10_000);
  clock.now += 20_000;
  limit.take("one more");
  expect(limit.known).toBe(1);
});
