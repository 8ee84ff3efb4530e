/** How many calls have no answer yet. */
export class CallsInWork {
  #count = 0;
  #onNone: (() => void) | undefined;

  /** Counts one that lasts as long as the work on it. */
  async run(work: () => Promise<void>): Promise<void> {
    this.#count += 1;
    try {
      await work();
    } finally {
      this.#count -= 1;
      if (this.#count === 0) this.#onNone?.();
    }
  }

  /** Resolves when there is none, or the time is over. */
  async none(withinMs: number): Promise<void> {
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#onNone = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
