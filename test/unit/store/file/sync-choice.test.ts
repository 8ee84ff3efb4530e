import { expect, test } from "bun:test";
import { SyncChoice } from "../../../../src/store/file/index.ts";

/** How many of so many syncs are made here, when they take so long here and there. */
function made(choice: SyncChoice, count: number, hereMs: number, thereMs: number): number {
  let here = 0;
  for (let sync = 0; sync < count; sync++) {
    const isHere = choice.isHere();
    if (isHere) here++;
    choice.took(isHere, isHere ? hereMs : thereMs);
  }
  return here;
}

test("syncs are made where they take less, and when that changes, there", () => {
  const choice = new SyncChoice();
  expect(made(choice, 640, 0.1, 0.2)).toBeGreaterThan(620);
  expect(made(choice, 640, 1.5, 0.2)).toBeLessThan(20);
  made(choice, 1_000, 0.1, 0.2);
  expect(made(choice, 640, 0.1, 0.2)).toBeGreaterThan(620);
});

test("a single stall changes little", () => {
  const choice = new SyncChoice();
  made(choice, 640, 0.1, 0.2);
  choice.took(true, 1_000);
  expect(made(choice, 1_000, 0.1, 0.2)).toBeGreaterThan(200);
});

test("a slow disk is tried here once, until it is fast", () => {
  const choice = new SyncChoice();
  expect(made(choice, 1_000, 10, 12)).toBe(1);
  made(choice, 1_000, 0.1, 0.2);
  expect(made(choice, 640, 0.1, 0.2)).toBeGreaterThan(620);
});
