import { type Space, spaces } from "./space.ts";
import type { TableSnapshot } from "./table.ts";
import type { Mutation, Stored } from "./types.ts";

/** What became of a key. */
export interface Changed {
  readonly space: Space;
  readonly key: string;
  /** Undefined when it is gone. */
  readonly stored: Stored | undefined;
}

/** Of so many keys each is remembered; beyond that what was written is found by its version, in the whole table. */
const mostKeys = 32_768;
/** Entries that are looked at between two turns of the event loop. */
const batchEntries = 1_000;

/** The keys that have changed since the last flush. */
export class ChangedKeys {
  /** None grows beyond `mostKeys`: making a larger one larger would stop everything for some tens of milliseconds. */
  readonly #sets: { readonly space: Space; readonly keys: Set<string> }[] = [];
  readonly #current = new Map<Space, Set<string>>();
  #count = 0;
  /** What was written from this position on has changed, whether its key is remembered or not. */
  #since: number | undefined;
  #first = Number.POSITIVE_INFINITY;
  readonly #most: number;

  constructor(most = mostKeys) {
    this.#most = most;
  }

  get isEmpty(): boolean {
    return this.#count === 0 && this.#since === undefined;
  }

  /** Notes a change that has or will have this position. */
  note({ op, space, key }: Pick<Mutation, "op" | "space" | "key">, position: number): void {
    if (position < this.#first) this.#first = position;
    if (this.#since !== undefined && op === "put") this.noteSince(position);
    else if (this.#count >= this.#most && op === "put") this.noteSince(this.#first);
    else this.#add(space, key);
  }

  /** Everything that was written from a position on. */
  noteSince(position: number): void {
    this.#since = Math.min(this.#since ?? position, position);
  }

  /** Takes over what others have noted. */
  noteAll(others: ChangedKeys): void {
    for (const { space, keys } of others.#sets) for (const key of keys) this.#add(space, key);
    this.#first = Math.min(this.#first, others.#first);
    if (others.#since !== undefined) this.noteSince(others.#since);
  }

  /** What became of them, a batch between two turns of the event loop. One may come twice. */
  *batches(table: TableSnapshot): Generator<readonly Changed[]> {
    for (const { space, keys } of this.#sets) {
      let batch: Changed[] = [];
      for (const key of keys) {
        batch.push({ space, key, stored: table.get(space, key) });
        if (batch.length < batchEntries) continue;
        yield batch;
        batch = [];
      }
      yield batch;
    }
    if (this.#since === undefined) return;
    for (const space of spaces) yield* writtenSince(this.#since, space, table);
  }

  #add(space: Space, key: string): void {
    this.#count++;
    let keys = this.#current.get(space);
    if (keys === undefined || keys.size >= this.#most) {
      keys = new Set();
      this.#current.set(space, keys);
      this.#sets.push({ space, keys });
    }
    keys.add(key);
  }
}

function* writtenSince(position: number, space: Space, table: TableSnapshot): Generator<readonly Changed[]> {
  let batch: Changed[] = [];
  let looked = 0;
  for (const { key, value, version } of table.entries(space)) {
    if (version >= position) batch.push({ space, key, stored: { value, version } });
    if (++looked % batchEntries !== 0) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}
