import { sortInTurns } from "./sort-in-turns.ts";
import type { Space } from "./space.ts";
import type { Table } from "./table.ts";
import type { Turns } from "./turns.ts";
import type { Mutation } from "./types.ts";

interface Latest {
  readonly mutation: Mutation;
  readonly version: number;
}

/** Making a map of more keys larger would stop everything for some tens of milliseconds. */
const mostKeys = 2 ** 17;

/** Of many mutations the last one of each key: replaying a log changes few keys often, and only what is left counts. */
export class LatestMutations {
  readonly #latest = new Map<Space, Map<string, Latest>>();
  #count = 0;
  readonly #most: number;

  constructor(most = mostKeys) {
    this.#most = most;
  }

  /** Mutations come in order. */
  note(mutation: Mutation, version: number): void {
    let ofSpace = this.#latest.get(mutation.space);
    if (ofSpace === undefined) this.#latest.set(mutation.space, (ofSpace = new Map()));
    this.#count -= ofSpace.size;
    ofSpace.set(mutation.key, { mutation, version });
    this.#count += ofSpace.size;
  }

  /** Whether there are so many keys that it is time for {@link applyTo}. */
  get isFull(): boolean {
    return this.#count >= this.#most;
  }

  /**
   * In the order of the keys, which a table takes fastest. Nothing is left then.
   * @param onApplied told of each
   */
  async applyTo(table: Table, turns: Turns, onApplied: (mutation: Mutation, version: number) => void): Promise<void> {
    for (const ofSpace of this.#latest.values()) {
      for (const key of await sortInTurns(ofSpace.keys(), turns)) {
        const latest = ofSpace.get(key);
        if (latest === undefined) continue;
        table.apply(latest.mutation, latest.version);
        onApplied(latest.mutation, latest.version);
        if (turns.isDue()) await turns.next();
      }
    }
    this.#latest.clear();
    this.#count = 0;
  }
}
