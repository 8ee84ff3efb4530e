import { SoloError } from "../../api/error.ts";
import type { Budget } from "../../api/spec.ts";
import type { Cost, FullCost } from "../../api/steps.ts";

/** What budgets count. All integers: currency in millionths. */
const resources = ["calls", "tokens", "currency", "wall_ms"] as const;
export type Resource = (typeof resources)[number];
export type Amounts = Readonly<Record<Resource, number>>;

/** What a service has used of its budget, and what effects that are under way, or of unknown outcome, may use yet. */
export interface Usage {
  /** When the window that `used` counts began, in milliseconds since 1970; 0 for a budget without a window. */
  readonly window: number;
  readonly used: Amounts;
  readonly reserved: Amounts;
}

export const nothing: Amounts = { calls: 0, tokens: 0, currency: 0, wall_ms: 0 };
export const noUsage: Usage = { window: 0, used: nothing, reserved: nothing };

const millionths = 1_000_000;

/** A cost in counted units, rounded up: a budget is never overrun by rounding. An effect is one call unless it says more. */
export function amountsOf({ calls = 1, tokens = 0, currency = 0, wall_ms = 0 }: Cost): Amounts {
  return {
    calls: Math.ceil(calls),
    tokens: Math.ceil(tokens),
    // 0.1 has no exact form: what is no more than that below a whole number counts as it.
    currency: Math.ceil(Number((currency * millionths).toFixed(3))),
    wall_ms: Math.ceil(wall_ms),
  };
}

/** The same in the units of the API. */
export function costOf(amounts: Amounts): FullCost {
  return { ...amounts, currency: amounts.currency / millionths };
}

/** The usage as it counts at a moment: a window that is over has been left behind. Windows begin at multiples of their length. */
export function atTime(usage: Usage, { window_ms }: Budget, now: number): Usage {
  const window = window_ms === undefined ? 0 : Math.floor(now / window_ms) * window_ms;
  // A clock that was set back must not open a former window again; a budget that was changed counts on.
  if (window_ms === undefined || usage.window === 0) return { ...usage, window };
  return window > usage.window ? { ...usage, window, used: nothing } : usage;
}

/** @returns the usage with the cost set aside, or why it does not fit */
export function reserve(before: Usage, budget: Budget, cost: Amounts, now: number): Usage | SoloError {
  const usage = atTime(before, budget, now);
  for (const resource of resources) {
    const limit = limitOf(budget, resource);
    if (limit === undefined) continue;
    const taken = usage.used[resource] + usage.reserved[resource];
    // Wall time is known only afterwards: what was not set aside is refused once nothing is left.
    const isFull = resource === "wall_ms" && cost.wall_ms === 0 ? taken >= limit : taken + cost[resource] > limit;
    if (isFull) return exhausted({ budget, usage, resource, limit, asked: cost[resource] });
  }
  return { ...usage, reserved: add(usage.reserved, cost) };
}

/** Turns what was set aside into what was used, which may be more. */
export function settle(before: Usage, budget: Budget, reserved: Amounts, used: Amounts, now: number): Usage {
  const usage = atTime(before, budget, now);
  return { ...usage, used: add(usage.used, used), reserved: subtract(usage.reserved, reserved) };
}

/** Gives back what was set aside for something that did not happen. */
export function release(usage: Usage, reserved: Amounts): Usage {
  return { ...usage, reserved: subtract(usage.reserved, reserved) };
}

function limitOf(budget: Budget, resource: Resource): number | undefined {
  const limit = budget[resource];
  return limit === undefined || resource !== "currency" ? limit : Math.floor(limit * millionths);
}

interface Exhaustion {
  readonly budget: Budget;
  readonly usage: Usage;
  readonly resource: Resource;
  readonly limit: number;
  readonly asked: number;
}

function exhausted({ budget, usage, resource, limit, asked }: Exhaustion): SoloError {
  const unit = resource === "currency" ? millionths : 1;
  const used = usage.used[resource] / unit;
  const reserved = usage.reserved[resource] / unit;
  const ends = budget.window_ms === undefined ? null : new Date(usage.window + budget.window_ms).toISOString();
  const held = reserved > 0 ? `, ${reserved} set aside` : "";
  const message = `the budget of ${limit / unit} ${resource} has no room for ${asked / unit} more: ${used} used${held}`;
  return new SoloError("budget_exhausted", message, {
    hint: ends === null ? "raise `budget` in solo.toml and deploy again" : `the next window begins at ${ends}`,
    details: { resource, limit: limit / unit, used, reserved, asked: asked / unit, window_ends: ends },
  });
}

function add(one: Amounts, other: Amounts): Amounts {
  return combine(one, other, (left, right) => left + right);
}

function subtract(one: Amounts, other: Amounts): Amounts {
  return combine(one, other, (left, right) => Math.max(0, left - right));
}

function combine(one: Amounts, other: Amounts, by: (left: number, right: number) => number): Amounts {
  return {
    calls: by(one.calls, other.calls),
    tokens: by(one.tokens, other.tokens),
    currency: by(one.currency, other.currency),
    wall_ms: by(one.wall_ms, other.wall_ms),
  };
}
