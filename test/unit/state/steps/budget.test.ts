import { expect, test } from "bun:test";
import { SoloError } from "../../../../src/api/error.ts";
import { amountsOf, atTime, costOf, noUsage, reserve, settle, type Usage } from "../../../../src/state/steps/budget.ts";

const hour = 3_600_000;
const now = 10 * hour + 5;

function reserved(...args: Parameters<typeof reserve>): Usage {
  const usage = reserve(...args);
  if (usage instanceof SoloError) throw usage;
  return usage;
}

test("currency is counted in millionths, and rounding never overruns a budget", () => {
  expect(amountsOf({ currency: 0.1 }).currency).toBe(100_000);
  expect(amountsOf({ currency: 0.000_000_4 }).currency).toBe(1);
  expect(costOf(amountsOf({ currency: 1.25, calls: 0 }))).toEqual({ calls: 0, tokens: 0, currency: 1.25, wall_ms: 0 });
  let usage: Usage = noUsage;
  for (let call = 0; call < 10; call++) usage = reserved(usage, { currency: 1 }, amountsOf({ currency: 0.1 }), now);
  expect(reserve(usage, { currency: 1 }, amountsOf({ currency: 0.000_001 }), now)).toBeInstanceOf(SoloError);
});

test("what is used counts until its window ends, what is set aside longer", () => {
  const budget = { tokens: 10, window_ms: hour };
  const cost = amountsOf({ tokens: 4 });
  let usage = reserved(noUsage, budget, cost, now);
  usage = reserved(settle(usage, budget, cost, amountsOf({ tokens: 6 }), now), budget, cost, now);
  expect(usage).toMatchObject({ window: 10 * hour, used: { tokens: 6 }, reserved: { tokens: 4 } });
  expect(reserve(usage, budget, amountsOf({ tokens: 1 }), now)).toMatchObject({
    code: "budget_exhausted",
    details: { resource: "tokens", used: 6, reserved: 4, asked: 1, window_ends: "1970-01-01T11:00:00.000Z" },
  });
  expect(atTime(usage, budget, now + hour)).toMatchObject({
    window: 11 * hour,
    used: { tokens: 0 },
    reserved: { tokens: 4 },
  });
});

test("a clock that goes back opens no former window", () => {
  const budget = { calls: 1, window_ms: hour };
  const usage = settle(reserved(noUsage, budget, amountsOf({}), now), budget, amountsOf({}), amountsOf({}), now);
  expect(reserve(usage, budget, amountsOf({}), now - hour)).toBeInstanceOf(SoloError);
});

test("wall time that nobody asked for beforehand is refused once it is used up", () => {
  const budget = { wall_ms: 100 };
  const free = amountsOf({});
  const usage = settle(reserved(noUsage, budget, free, now), budget, free, amountsOf({ wall_ms: 120 }), now);
  expect(reserve(usage, budget, free, now)).toMatchObject({ details: { resource: "wall_ms", used: 120 } });
});
