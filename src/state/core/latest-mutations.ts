import type { Space } from "./space.ts";
import type { Table } from "./table.ts";
import type { Mutation } from "./types.ts";

export interface Latest {
  readonly mutation: Mutation;
  readonly version: number;
}

/** Of many mutations the last one of each key: replaying a log changes few keys often, and only what is left counts. */
export class LatestMutations {
  readonly #latest = new Map<Space, Map<string, Latest>>();

  /** Mutations come in order. */
  note(mutation: Mutation, version: number): void {
    let ofSpace = this.#latest.get(mutation.space);
    if (ofSpace === undefined) this.#latest.set(mutation.space, (ofSpace = new Map()));
    ofSpace.set(mutation.key, { mutation, version });
  }

  /** In the order of the keys, which a table takes fastest. */
  applyTo(table: Table): void {
    for (const ofSpace of this.#latest.values()) {
      for (const key of [...ofSpace.keys()].sort()) {
        const latest = ofSpace.get(key);
        if (latest !== undefined) table.apply(latest.mutation, latest.version);
      }
    }
  }

  *all(): Generator<Latest> {
    for (const ofSpace of this.#latest.values()) yield* ofSpace.values();
  }
}
