/** Lets many wait for the next change of something, by its key. Forgets a key that nobody waits for. */
export class Watchers {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Resolves at the next `wake` of the key, or when the signal is aborted. */
  next(key: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const watchers = this.#waiting.get(key) ?? new Set();
      this.#waiting.set(key, watchers);
      const wake = () => {
        watchers.delete(wake);
        if (watchers.size === 0 && this.#waiting.get(key) === watchers) this.#waiting.delete(key);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      watchers.add(wake);
      if (signal.aborted) wake();
      else signal.addEventListener("abort", wake, { once: true });
    });
  }

  wake(key: string): void {
    for (const wake of [...(this.#waiting.get(key) ?? [])]) wake();
  }
}
