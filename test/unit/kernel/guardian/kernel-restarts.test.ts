import { expect, test } from "bun:test";
import { decideKernelRestart, type KernelEnd, newHistory } from "../../../../src/kernel/guardian/kernel-restarts.ts";

const crash: KernelEnd = { code: null, ranMs: 10, wasReady: true };

/** The pauses before the next kernels when they end like this one after the other. */
function delays(ends: readonly KernelEnd[]): (number | string)[] {
  let history = newHistory;
  return ends.map((end) => {
    const decision = decideKernelRestart(history, end);
    if (decision.action !== "restart") return decision.action;
    history = decision.history;
    return decision.delayMs;
  });
}

test("the first restart is immediate, then the pauses double up to half a minute", () => {
  expect(delays(Array.from({ length: 12 }, () => crash))).toEqual([
    0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000,
  ]);
});

test("a kernel that ran for a minute has left its crashes behind", () => {
  expect(delays([crash, crash, crash, { ...crash, ranMs: 60_000 }, crash])).toEqual([0, 100, 200, 0, 100]);
});

test("a kernel that never served is given up at the third crash, one that did is not", () => {
  const early = { ...crash, wasReady: false };
  expect(delays([early, early, early])).toEqual([0, 100, "give_up"]);
  expect(delays([crash, early, early, early])).toEqual([0, 100, 200, 400]);
});

test("an ordered stop ends the guardian; a lost lock and a fatal error leave nothing to try", () => {
  expect(delays([{ ...crash, code: 0 }])).toEqual(["end"]);
  expect(delays([{ ...crash, code: 75 }])).toEqual(["give_up"]);
  expect(delays([{ ...crash, code: 78 }])).toEqual(["give_up"]);
  expect(delays([{ ...crash, code: 1 }])).toEqual([0]);
});
