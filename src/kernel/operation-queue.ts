import { SoloError } from "../api/index.ts";

/**
 * Runs the operations on one service one after the other. A preempting one ends the one that runs and those that wait, except
 * other preempting ones: who asked for a stop gets it.
 */
export class OperationQueue {
  readonly #onIdle: () => void;
  readonly #preemptible = new Set<AbortController>();
  #last: Promise<unknown> = Promise.resolve();
  #pending = 0;
  #closed = false;

  /** @param onIdle called whenever no operation is left */
  constructor(onIdle: () => void = () => {}) {
    this.#onIdle = onIdle;
  }

  /** @throws SoloError `conflict` from an operation that another one preempted before its turn */
  run<Result>(operation: (signal: AbortSignal) => Promise<Result>, preempt = false): Promise<Result> {
    if (preempt) this.#preempt();
    else if (this.#closed) return Promise.reject(kernelIsStopping());
    const controller = new AbortController();
    if (!preempt) this.#preemptible.add(controller);
    this.#pending += 1;
    const result = this.#last
      .then(() => {
        controller.signal.throwIfAborted();
        return operation(controller.signal);
      })
      .finally(() => {
        this.#preemptible.delete(controller);
        this.#pending -= 1;
        if (this.#pending === 0) this.#onIdle();
      });
    this.#last = result.catch(() => undefined);
    return result;
  }

  get busy(): boolean {
    return this.#pending > 0;
  }

  /** Ends what runs and waits, and takes only preempting operations from now on: the kernel is stopping. */
  close(): void {
    this.#closed = true;
    this.#preempt();
  }

  #preempt(): void {
    for (const controller of this.#preemptible) controller.abort(preempted());
  }
}

export function kernelIsStopping(): SoloError {
  return new SoloError("unreachable", "the kernel is stopping", { hint: "repeat the command: it starts a new one" });
}

function preempted(): SoloError {
  return new SoloError("conflict", "the service was stopped meanwhile", {
    applied: "unknown",
    hint: "someone ran `solo kill` or `solo stop`; repeat the command if you still want it",
  });
}
