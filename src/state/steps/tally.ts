import type { Space } from "../core/space.ts";
import type { ServiceState } from "../core/types.ts";

/** How many keys begin with a prefix, counted once and kept up afterwards, for limits. */
export class Tally {
  readonly #state: ServiceState;
  readonly #counts = new Map<string, number>();

  constructor(state: ServiceState) {
    this.#state = state;
  }

  of(space: Space, prefix: string): number {
    const name = `${space}:${prefix}`;
    const known = this.#counts.get(name);
    if (known !== undefined) return known;
    const count = this.#state.page(space, { prefix }).length;
    this.#counts.set(name, count);
    return count;
  }

  add(space: Space, prefix: string, change: number): void {
    const name = `${space}:${prefix}`;
    const known = this.#counts.get(name);
    if (known !== undefined) this.#counts.set(name, Math.max(0, known + change));
  }

  /** Counts again when it is asked for, as after the whole state was replaced. */
  forget(space?: Space, prefix?: string): void {
    if (space === undefined) this.#counts.clear();
    else this.#counts.delete(`${space}:${prefix ?? ""}`);
  }
}
