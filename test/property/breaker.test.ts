import { expect, test } from "bun:test";
import fc from "fast-check";
import { admit, type Breaker, closed, defaultRules, type Outcome, settle } from "../../src/traffic/breaker/machine.ts";

const outcomes = fc.constantFrom<Outcome>("success", "failure", "neither");

/** Makes one call, if it may be made. */
function call(breaker: Breaker, outcome: Outcome, now: number): { after: Breaker; made: boolean } {
  const admitted = admit(breaker, defaultRules, now);
  if (admitted === undefined) return { after: breaker, made: false };
  const trial = admitted.state === "half_open";
  return { after: settle(admitted, defaultRules, { outcome, trial, now }), made: true };
}

test("five failures in a row open it, thirty seconds later it tries, two successes close it", () => {
  let breaker = closed;
  for (let failure = 1; failure <= 5; failure++) {
    expect(breaker.state).toBe("closed");
    breaker = call(breaker, "failure", 0).after;
  }
  expect(breaker.state).toBe("open");
  expect(call(breaker, "success", 29_999).made).toBe(false);
  breaker = call(breaker, "success", 30_000).after;
  expect(breaker.state).toBe("half_open");
  breaker = call(breaker, "success", 30_001).after;
  expect(breaker).toEqual(closed);
});

test("one failure while it tries opens it again for as long", () => {
  let breaker = closed;
  for (let failure = 1; failure <= 5; failure++) breaker = call(breaker, "failure", 0).after;
  breaker = call(breaker, "success", 30_000).after;
  breaker = call(breaker, "failure", 30_010).after;
  expect(breaker).toEqual({ state: "open", until: 60_010 });
});

test("it is open exactly after so many failures in a row, whatever else happened, and lets nothing pass until its time", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(outcomes, fc.nat(12_000)), { maxLength: 200 }), (script) => {
      let breaker: Breaker = closed;
      let [now, failures, successes, openedAt] = [0, 0, 0, Number.NEGATIVE_INFINITY];
      for (const [outcome, pause] of script) {
        now += pause;
        const before = breaker.state;
        const { after, made } = call(breaker, outcome, now);
        breaker = after;
        if (before === "open" && made !== now - openedAt >= 30_000) return false;
        if (!made) continue;
        if (before === "open") successes = 0;
        if (before === "closed") failures = outcome === "failure" ? failures + 1 : outcome === "success" ? 0 : failures;
        else if (outcome === "success") successes += 1;
        const opens = before === "closed" ? failures === 5 : outcome === "failure";
        const closes = before !== "closed" && successes === 2;
        const expected = opens ? "open" : closes || before === "closed" ? "closed" : "half_open";
        if (breaker.state !== expected) return false;
        if (opens) openedAt = now;
        if (opens || closes) failures = 0;
      }
      return true;
    }),
  );
});

test("while it tries, no more calls are under way than it takes to be sure; one that ends with nothing gives its place back", () => {
  let breaker: Breaker = { state: "open", until: 0 };
  const trials = () => {
    let admitted = 0;
    for (let next = admit(breaker, defaultRules, 1); next !== undefined; next = admit(breaker, defaultRules, 1)) {
      breaker = next;
      admitted += 1;
    }
    return admitted;
  };
  expect(trials()).toBe(2);
  breaker = settle(breaker, defaultRules, { outcome: "neither", trial: true, now: 1 });
  expect(trials()).toBe(1);
});

test("a call that was made before it opened says nothing about whether it works again", () => {
  const late = { outcome: "success", trial: false, now: 31_000 } as const;
  const trying: Breaker = { state: "half_open", successes: 0, trials: 1 };
  expect(settle(trying, defaultRules, late)).toEqual(trying);
  expect(settle(trying, defaultRules, { ...late, outcome: "failure" })).toEqual(trying);
});
