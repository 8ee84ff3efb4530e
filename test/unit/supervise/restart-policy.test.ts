import { describe, expect, test } from "bun:test";
import { restartSchema } from "../../../src/api/index.ts";
import { decideRestart, describeExit, noRestarts } from "../../../src/supervise/restart-policy.ts";

const spec = restartSchema.parse({ max: 3, within_ms: 10_000, backoff_min_ms: 100, backoff_max_ms: 1_000 });
const crashed = { exit: { code: 1, signal: null, known: true }, unwell: false, stableMs: 0, now: 0 };
const finished = { ...crashed, exit: { code: 0, signal: null, known: true } };

describe("a permanent service", () => {
  test("is restarted at once after its first failure, then with doubling pauses up to the maximum", () => {
    let history = noRestarts;
    const delays: number[] = [];
    for (let now = 0; now < 7; now++) {
      const decision = decideRestart({ ...spec, max: 100 }, history, { ...crashed, now }, 0.999_999);
      if (decision.action !== "restart") throw new Error("expected a restart");
      delays.push(decision.delayMs);
      history = decision.history;
    }
    expect(delays).toEqual([0, 100, 200, 400, 800, 1_000, 1_000]);
  });

  test("is restarted after a normal end as well", () => {
    expect(decideRestart(spec, noRestarts, finished, 0).action).toBe("restart");
  });

  test("is in a crash loop once it restarts more often than allowed within the window", () => {
    let history = noRestarts;
    const loops: boolean[] = [];
    for (let now = 0; now < 5; now++) {
      const decision = decideRestart(spec, history, { ...crashed, now }, 0);
      if (decision.action !== "restart") throw new Error("expected a restart");
      loops.push(decision.crashLoop);
      history = decision.history;
    }
    expect(loops).toEqual([false, false, false, true, true]);
  });

  test("starts with a clean record after it was stable for the window", () => {
    const history = { restarts: [0, 1, 2], consecutive: 3, looping: true };
    const decision = decideRestart(spec, history, { ...crashed, stableMs: 10_000, now: 20_000 }, 0.5);
    expect(decision).toEqual({
      action: "restart",
      delayMs: 0,
      crashLoop: false,
      history: { restarts: [20_000], consecutive: 1, looping: false },
    });
  });

  test("stays in its crash loop while the pauses alone keep its restarts apart", () => {
    const history = { restarts: [0, 1, 2, 3], consecutive: 9, looping: true };
    const decision = decideRestart(spec, history, { ...crashed, now: 1_000_000 }, 0);
    expect(decision).toMatchObject({ action: "restart", crashLoop: true, history: { restarts: [1_000_000] } });
  });
});

describe("a transient service", () => {
  const transient = { ...spec, policy: "transient" as const };
  test("completes when it exits with 0", () => {
    expect(decideRestart(transient, noRestarts, finished, 0)).toEqual({ action: "complete" });
  });
  test("is restarted after a failure, a signal, an unknown end, or when it was put down", () => {
    for (const end of [
      crashed,
      { ...crashed, exit: { code: null, signal: "SIGKILL", known: true } },
      { ...crashed, exit: { code: null, signal: null, known: false } },
      { ...finished, unwell: true },
    ]) {
      expect(decideRestart(transient, noRestarts, end, 0).action).toBe("restart");
    }
  });
});

test("a temporary service is never restarted", () => {
  const temporary = { ...spec, policy: "temporary" as const };
  expect(decideRestart(temporary, noRestarts, finished, 0)).toEqual({ action: "complete" });
  expect(decideRestart(temporary, noRestarts, crashed, 0)).toEqual({ action: "fail" });
});

test("an exit is told in words", () => {
  expect(describeExit({ code: 7, signal: null, known: true })).toBe("exited with code 7");
  expect(describeExit({ code: null, signal: "SIGKILL", known: true })).toBe("ended by SIGKILL");
  expect(describeExit({ code: null, signal: null, known: false })).toBe("ended with an unknown status");
});
