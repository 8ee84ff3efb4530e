import { installPackages } from "./packages.ts";
import { runReflinks } from "./reflinks.ts";
import { checkProgram, type Result } from "./run.ts";
import { runSoak } from "./soak.ts";
import { runTests } from "./tests.ts";

export type Step = (filters: readonly string[]) => Promise<Result>;

/** A check that is a script of package.json, so that it can be run on its own as well. */
const script =
  (name: string): Step =>
  () =>
    checkProgram(["node_modules/.bin/bun", "run", "--silent", name]);

/** Everything that is checked, in this order. */
export const steps = {
  packages: installPackages,
  build: script("build"),
  types: script("types"),
  lint: script("lint"),
  imports: script("imports"),
  unused: script("unused"),
  unit: (filters) => runTests("unit", filters, { testTimeoutMs: 20_000 }),
  property: (filters) => runTests("property", filters, { testTimeoutMs: 60_000 }),
  fault: (filters) => runTests("fault", filters, { testTimeoutMs: 120_000 }),
  soak: runSoak,
  reflinks: runReflinks,
  e2e: (filters) => runTests("e2e", filters, { testTimeoutMs: 120_000 }),
} as const satisfies Record<string, Step>;

export type StepName = keyof typeof steps;

export const stepNames: readonly StepName[] = Object.keys(steps).filter(isStepName);

/** What a step needs to have run before. */
const needs: { readonly [Name in StepName]?: readonly StepName[] } = {
  e2e: ["packages", "build"],
  fault: ["packages"],
  reflinks: ["packages", "build"],
  unit: ["packages"],
};

export interface Selection {
  readonly names: readonly StepName[];
  /** Parts of test files' names, of which one must fit. */
  readonly filters: readonly string[];
}

/** Steps come first among the arguments, filters after them. `undefined` when the first argument is no step. */
export function selectSteps(args: readonly string[]): Selection | undefined {
  const first = args.findIndex((arg) => !isStepName(arg));
  const chosen = (first < 0 ? args : args.slice(0, first)).filter(isStepName);
  const filters = first < 0 ? [] : args.slice(first);
  if (args.length === 0) return { names: stepNames, filters };
  if (chosen.length === 0) return undefined;
  const wanted = new Set(chosen.flatMap((name) => [...(needs[name] ?? []), name]));
  return { names: stepNames.filter((name) => wanted.has(name)), filters };
}

function isStepName(name: string): name is StepName {
  return Object.hasOwn(steps, name);
}
