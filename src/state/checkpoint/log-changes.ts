import { toOrdered } from "../core/key-order.ts";
import { SortedMap } from "../core/sorted-map.ts";
import { type Space, spaces } from "../core/space.ts";
import type { Mutation, StateEntry } from "../core/types.ts";

interface Change {
  readonly mutation: Mutation;
  readonly version: number;
}

/** Where a key comes among all: by its space, then by its bytes. */
interface Placed {
  readonly rank: number;
  readonly ordered: string;
  readonly change: Change;
}

const ranks = new Map<Space, number>(spaces.map((space, rank) => [space, rank]));

/** What a log changed: of each key the last, in the order of the keys. */
export class LogChanges {
  readonly #maps = new Map<Space, SortedMap<Change>>();

  get isEmpty(): boolean {
    return this.#maps.size === 0;
  }

  /** Mutations come in order. */
  note(mutation: Mutation, version: number): void {
    let map = this.#maps.get(mutation.space);
    if (map === undefined) this.#maps.set(mutation.space, (map = new SortedMap()));
    map.set(toOrdered(mutation.key), { mutation, version });
  }

  /** Batches of entries, in order, with the changes in the place of what they changed: in order, too. */
  async *over(batches: AsyncIterable<Iterable<StateEntry>>): AsyncGenerator<Iterable<StateEntry>> {
    const changes = this.#placed();
    let next = changes.next();
    const before = function* (rank: number, ordered: string): Generator<StateEntry> {
      for (; next.done !== true && comesBefore(next.value, rank, ordered); next = changes.next()) {
        yield* entryOf(next.value.change);
      }
    };
    const merged = function* (batch: Iterable<StateEntry>): Generator<StateEntry> {
      for (const entry of batch) {
        const [rank, ordered] = [ranks.get(entry.space) ?? spaces.length, toOrdered(entry.key)];
        if (next.done !== true && !comesBehind(next.value, rank, ordered)) yield* before(rank, ordered);
        if (next.done === true || next.value.rank !== rank || next.value.ordered !== ordered) yield entry;
      }
    };
    for await (const batch of batches) yield merged(batch);
    yield before(spaces.length, "");
  }

  *#placed(): Generator<Placed> {
    for (const [rank, space] of spaces.entries()) {
      const map = this.#maps.get(space);
      if (map === undefined) continue;
      for (const [ordered, change] of map.entries("")) yield { rank, ordered, change };
    }
  }
}

function comesBefore(one: Placed, rank: number, ordered: string): boolean {
  return one.rank < rank || (one.rank === rank && one.ordered < ordered);
}

function comesBehind(one: Placed, rank: number, ordered: string): boolean {
  return one.rank > rank || (one.rank === rank && one.ordered > ordered);
}

function* entryOf({ mutation, version }: Change): Generator<StateEntry> {
  if (mutation.op === "put") yield { space: mutation.space, key: mutation.key, value: mutation.value, version };
}
