import { SoloError } from "../api/index.ts";

/** Runs the operations on one service one after the other. A preempting one ends the one that runs, and those that wait. */
export class OperationQueue {
  #last: Promise<unknown> = Promise.resolve();
  #running = new Set<AbortController>();

  /** @throws SoloError `conflict` from an operation that another one preempted before its turn */
  run<Result>(operation: (signal: AbortSignal) => Promise<Result>, preempt = false): Promise<Result> {
    if (preempt) for (const other of this.#running) other.abort(preempted());
    const controller = new AbortController();
    this.#running.add(controller);
    const result = this.#last
      .then(() => {
        controller.signal.throwIfAborted();
        return operation(controller.signal);
      })
      .finally(() => this.#running.delete(controller));
    this.#last = result.catch(() => undefined);
    return result;
  }

  get busy(): boolean {
    return this.#running.size > 0;
  }
}

function preempted(): SoloError {
  return new SoloError("conflict", "the service was stopped meanwhile", {
    applied: "unknown",
    hint: "someone ran `solo kill` or `solo stop`; repeat the command if you still want it",
  });
}
