import type { StepName } from "../../api/steps.ts";

/** Neither run ids nor step ids have one in them. */
const separator = "\u0000";

/** Everything that a run holds has a key with this prefix, in every space. */
export function runPrefix(run: string): string {
  return `${run}${separator}`;
}

export function stepKey({ run, id }: StepName): string {
  return `${run}${separator}${id}`;
}

/** A run's own record lies in front of its steps. */
export function runKey(run: string): string {
  return runPrefix(run);
}

export function nameOfKey(key: string): StepName {
  const at = key.indexOf(separator);
  return { run: key.slice(0, at), id: key.slice(at + 1) };
}

/** Signals of one name, in the order of their arrival. */
export function signalPrefix(run: string, name: string): string {
  return `${run}${separator}${name}${separator}`;
}

export function signalKey(run: string, name: string, position: number): string {
  return `${signalPrefix(run, name)}${digits(position)}`;
}

/** Finished runs, in the order of their end. In `meta`. */
export const finishedPrefix = "run-ended/";

export function finishedKey(time: number, run: string): string {
  return `${finishedPrefix}${digits(time)}/${run}`;
}

export function finishedOfKey(key: string): { readonly time: number; readonly run: string } {
  const rest = key.slice(finishedPrefix.length);
  return { time: Number(rest.slice(0, width)), run: rest.slice(width + 1) };
}

/** Runs that have begun and not ended. In `meta`. */
export const unfinishedPrefix = "run-begun/";

/** Steps of the service's own run that have begun and not ended. In `meta`. */
export const begunStepsPrefix = "step-begun/";

/** So that the order of keys is that of numbers. */
const width = 16;

function digits(value: number): string {
  return String(value).padStart(width, "0");
}
