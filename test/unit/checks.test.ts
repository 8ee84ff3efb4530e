import { expect, test } from "bun:test";
import { selectSteps, stepNames } from "../../bin/checks/steps.ts";

test("without arguments every step is run", () => {
  expect(selectSteps([])).toEqual({ names: stepNames, filters: [] });
});

test("steps are chosen by name, run in their own order, and bring along what they need", () => {
  expect(selectSteps(["lint", "types"])).toEqual({ names: ["types", "lint"], filters: [] });
  expect(selectSteps(["e2e"])).toEqual({ names: ["packages", "build", "e2e"], filters: [] });
});

test("what follows the steps picks test files", () => {
  expect(selectSteps(["e2e", "deploy", "types"])).toEqual({
    names: ["packages", "build", "e2e"],
    filters: ["deploy", "types"],
  });
});

test("a first argument that is no step is refused", () => {
  expect(selectSteps(["deploy"])).toBeUndefined();
});
