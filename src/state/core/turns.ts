/** Entries between two turns of the event loop. */
const turnEntries = 1_000;

/** For long loops: lets everything else go on, now and then. */
export class Turns {
  #entries = 0;

  /** Counts an entry. @returns whether it is time for {@link next} */
  isDue(): boolean {
    return ++this.#entries % turnEntries === 0;
  }

  next(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}
