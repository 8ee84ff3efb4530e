import { AsyncLocalStorage } from "node:async_hooks";
import { withinStep } from "../../api/trace-parent.ts";

const storage = new AsyncLocalStorage<string>();

/** Runs a method for a call: whatever it calls in turn, directly or later, belongs to that call. */
export function duringCall<Result>(id: string, run: () => Result): Result {
  return storage.run(id, run);
}

/** Runs the work of a step: whatever it calls in turn belongs to it, where the step belongs to a call or a request. */
export function duringStep<Result>(span: string, run: () => Result): Result {
  const underWay = storage.getStore();
  return underWay === undefined ? run() : storage.run(withinStep(underWay, span), run);
}

/** The call in the course of which this code runs; undefined outside of one. */
export function callUnderWay(): string | undefined {
  return storage.getStore();
}
