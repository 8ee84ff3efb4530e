import { expect, test } from "bun:test";
import fc from "fast-check";
import { isNews, type Standing, standingOf } from "../../src/supervise/limits/verdict.ts";

const uses = fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 100 });

test("what is above the limit is over it, what is far below is calm, whatever was before", () => {
  fc.assert(
    fc.property(fc.constantFrom<Standing>("calm", "near", "over"), fc.integer({ min: 0, max: 200 }), (before, use) => {
      const now = standingOf(before, use, 100);
      return (
        (use <= 100 || now === "over") &&
        (use >= 70 || now === "calm") &&
        (use > 100 || before === "over" || now !== "over")
      );
    }),
  );
});

test("each crossing is told once: between two of the same kind, the use was calm", () => {
  fc.assert(
    fc.property(uses, (script) => {
      let standing: Standing = "calm";
      let hasBeenCalm = true;
      const told = new Set<Standing>();
      for (const use of script) {
        const now = standingOf(standing, use, 100);
        if (now === "calm") told.clear();
        if (isNews(standing, now)) {
          if (told.has(now)) return false;
          told.add(now);
        }
        hasBeenCalm ||= now === "calm";
        standing = now;
      }
      return hasBeenCalm;
    }),
  );
});

test("a use that swings between 75 and 95 of 100 is told of once", () => {
  let standing: Standing = "calm";
  let told = 0;
  for (let second = 0; second < 60; second++) {
    const now = standingOf(standing, second % 2 === 0 ? 95 : 75, 100);
    if (isNews(standing, now)) told += 1;
    standing = now;
  }
  expect(told).toBe(1);
});
