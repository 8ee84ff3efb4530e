import { spaces } from "./space.ts";
import type { TableSnapshot } from "./table.ts";
import type { Snapshot, StateEntry } from "./types.ts";

/** Holds on to the nodes of the table at one position. */
export class StateSnapshot implements Snapshot {
  readonly position: number;
  readonly time: number;
  readonly keys: number;
  readonly bytes: number;
  #table: TableSnapshot | undefined;

  constructor(table: TableSnapshot, position: number, time: number) {
    this.#table = table;
    this.position = position;
    this.time = time;
    this.keys = table.keys;
    this.bytes = table.bytes;
  }

  async *entries(): AsyncGenerator<StateEntry> {
    yield* this.all();
  }

  *all(): Generator<StateEntry> {
    for (const space of spaces) {
      if (this.#table === undefined) throw new Error("the snapshot was closed");
      yield* this.#table.entries(space);
    }
  }

  close(): void {
    this.#table = undefined;
  }
}
