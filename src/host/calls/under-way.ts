import { AsyncLocalStorage } from "node:async_hooks";

const storage = new AsyncLocalStorage<string>();

/** Runs a method for a call: whatever it calls in turn, directly or later, belongs to that call. */
export function duringCall<Result>(id: string, run: () => Result): Result {
  return storage.run(id, run);
}

/** The call in the course of which this code runs; undefined outside of one. */
export function callUnderWay(): string | undefined {
  return storage.getStore();
}
