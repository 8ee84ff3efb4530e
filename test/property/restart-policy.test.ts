import { test } from "bun:test";
import fc from "fast-check";
import { restartSchema } from "../../src/api/index.ts";
import { backoff, decideRestart, noRestarts } from "../../src/supervise/restart-policy.ts";

const specs = fc
  .record({
    max: fc.integer({ min: 0, max: 20 }),
    within_ms: fc.integer({ min: 1, max: 100_000 }),
    backoff_min_ms: fc.integer({ min: 0, max: 10_000 }),
    backoff_max_ms: fc.integer({ min: 0, max: 100_000 }),
  })
  .map((spec) => restartSchema.parse(spec));
const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("a pause stays within half and all of the smaller of its step and the maximum", () => {
  fc.assert(
    fc.property(specs, fc.integer({ min: 2, max: 200 }), randoms, (spec, consecutive, random) => {
      const step = Math.min(spec.backoff_max_ms, spec.backoff_min_ms * 2 ** (consecutive - 2));
      const pause = backoff(spec, consecutive, random);
      return pause >= Math.floor(step / 2) && pause <= Math.ceil(step);
    }),
  );
});

test("a crash loop begins exactly when more than `max` restarts lie within the window, and lasts", () => {
  fc.assert(
    fc.property(
      specs,
      fc.array(fc.integer({ min: 0, max: 50_000 }), { maxLength: 40 }),
      randoms,
      (spec, gaps, random) => {
        let history = noRestarts;
        let now = 0;
        let looping = false;
        const times: number[] = [];
        for (const gap of gaps) {
          now += gap;
          times.push(now);
          const end = { exit: { code: 1, signal: null, known: true }, unwell: false, stableMs: 0, now };
          const decision = decideRestart(spec, history, end, random);
          if (decision.action !== "restart") return false;
          const inWindow = times.filter((time) => now - time < spec.within_ms).length;
          looping ||= inWindow > spec.max;
          if (decision.crashLoop !== looping) return false;
          if (decision.history.restarts.length > spec.max + 1) return false;
          history = decision.history;
        }
        return true;
      },
    ),
  );
});
