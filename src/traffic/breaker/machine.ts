/** A circuit breaker as data: what it knows, and what follows from a success or a failure. It reads no clock. */

export interface BreakerRules {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open, in milliseconds. */
  readonly openMs: number;
  /** Successes in a row that close it again. */
  readonly successes: number;
}

/** 5 failures, 30 s, 2 successes. */
export const defaultRules: BreakerRules = { failures: 5, openMs: 30_000, successes: 2 };

export type Breaker =
  | { readonly state: "closed"; readonly failures: number }
  /** `until`: when the first call may try again. */
  | { readonly state: "open"; readonly until: number }
  /** `trials`: calls that are under way to see whether it works again. */
  | { readonly state: "half_open"; readonly successes: number; readonly trials: number };

export const closed: Breaker = { state: "closed", failures: 0 };

/** Whether a call may be made now, and what the breaker is then; `undefined` when it may not. */
export function admit(breaker: Breaker, rules: BreakerRules, now: number): Breaker | undefined {
  if (breaker.state === "closed") return breaker;
  if (breaker.state === "open") {
    return now < breaker.until ? undefined : { state: "half_open", successes: 0, trials: 1 };
  }
  // No more at a time than it takes to be sure.
  const mayTry = breaker.trials < rules.successes - breaker.successes;
  return mayTry ? { ...breaker, trials: breaker.trials + 1 } : undefined;
}

export type Outcome =
  | "success"
  | "failure"
  /** It tells nothing about the service: it was called off, or was the caller's own mistake. */
  | "neither";

/**
 * What the breaker is after a call ended. A call that was admitted before it opened is late, and tells nothing new.
 * @param trial whether the call was admitted while it was half open
 */
export function settle(
  breaker: Breaker,
  rules: BreakerRules,
  { outcome, trial, now }: { readonly outcome: Outcome; readonly trial: boolean; readonly now: number },
): Breaker {
  if (breaker.state === "closed") return trial ? breaker : settleClosed(breaker, rules, outcome, now);
  if (breaker.state === "open" || !trial) return breaker;
  if (outcome === "failure") return { state: "open", until: now + rules.openMs };
  const trials = Math.max(0, breaker.trials - 1);
  if (outcome === "neither") return { ...breaker, trials };
  const successes = breaker.successes + 1;
  return successes >= rules.successes ? closed : { state: "half_open", successes, trials };
}

function settleClosed(
  { failures }: { readonly failures: number },
  rules: BreakerRules,
  outcome: Outcome,
  now: number,
): Breaker {
  if (outcome === "neither") return { state: "closed", failures };
  if (outcome === "success") return closed;
  if (failures + 1 >= rules.failures) return { state: "open", until: now + rules.openMs };
  return { state: "closed", failures: failures + 1 };
}
