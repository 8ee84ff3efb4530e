import { fromOrdered, toOrdered } from "./key-order.ts";
import { type Cursor, SortedMap, type SortedSnapshot } from "./sorted-map.ts";
import { type Space, spaces } from "./space.ts";
import type { Mutation, Range, StateEntry, Stored } from "./types.ts";

interface Part {
  readonly map: SortedMap<Stored>;
  /** Of keys and values. */
  bytes: number;
}

/** The present of a state, in memory: every space's keys in order, with their values. */
export class Table {
  readonly #parts: Readonly<Record<Space, Part>> = {
    data: emptyPart(),
    step: emptyPart(),
    effect: emptyPart(),
    timer: emptyPart(),
    signal: emptyPart(),
    budget: emptyPart(),
    agent: emptyPart(),
    reply: emptyPart(),
    meta: emptyPart(),
  };

  get(space: Space, key: string): Stored | undefined {
    return this.#parts[space].map.get(toOrdered(key));
  }

  /** A `get` for keys that mostly come in order, which need no search then. The table must not change meanwhile. */
  lookup(): (space: Space, key: string) => Stored | undefined {
    const cursors = new Map<Space, Cursor<Stored>>();
    return (space, key) => {
      let cursor = cursors.get(space);
      if (cursor === undefined) cursors.set(space, (cursor = this.#parts[space].map.cursor()));
      return cursor.get(toOrdered(key));
    };
  }

  put(space: Space, key: string, value: Uint8Array, version: number): void {
    const part = this.#parts[space];
    const before = part.map.set(toOrdered(key), { value, version });
    part.bytes += before === undefined ? Buffer.byteLength(key) + value.length : value.length - before.value.length;
  }

  apply(mutation: Mutation, version: number): void {
    if (mutation.op === "put") this.put(mutation.space, mutation.key, mutation.value, version);
    else this.#delete(mutation.space, mutation.key);
  }

  #delete(space: Space, key: string): void {
    const part = this.#parts[space];
    const before = part.map.delete(toOrdered(key));
    if (before !== undefined) part.bytes -= Buffer.byteLength(key) + before.value.length;
  }

  /** The table must not change while it is read. */
  *entries(space: Space, range: Range = {}): Generator<StateEntry> {
    yield* inRange(space, this.#parts[space].map.entries(start(range)), range);
  }

  snapshot(): TableSnapshot {
    return new TableSnapshot(
      new Map(spaces.map((space) => [space, this.#parts[space].map.snapshot()])),
      this.keys,
      this.bytes,
    );
  }

  get keys(): number {
    return spaces.reduce((sum, space) => sum + this.keysOf(space), 0);
  }

  get bytes(): number {
    return spaces.reduce((sum, space) => sum + this.bytesOf(space), 0);
  }

  keysOf(space: Space): number {
    return this.#parts[space].map.size;
  }

  bytesOf(space: Space): number {
    return this.#parts[space].bytes;
  }
}

/** A table at one moment. */
export class TableSnapshot {
  constructor(
    readonly maps: ReadonlyMap<Space, SortedSnapshot<Stored>>,
    readonly keys: number,
    readonly bytes: number,
  ) {}

  get(space: Space, key: string): Stored | undefined {
    return this.maps.get(space)?.get(toOrdered(key));
  }

  *entries(space: Space, range: Range = {}): Generator<StateEntry> {
    const map = this.maps.get(space);
    if (map !== undefined) yield* inRange(space, map.entries(start(range)), range);
  }
}

function emptyPart(): Part {
  return { map: new SortedMap(), bytes: 0 };
}

function start({ prefix = "", after }: Range): string {
  const first = toOrdered(prefix);
  if (after === undefined) return first;
  const behind = toOrdered(after);
  return [first, behind].sort().at(-1) ?? first;
}

function* inRange(
  space: Space,
  entries: Iterable<readonly [string, Stored]>,
  { prefix = "", after, limit = Number.POSITIVE_INFINITY }: Range,
): Generator<StateEntry> {
  const begin = toOrdered(prefix);
  const behind = after === undefined ? undefined : toOrdered(after);
  let left = limit;
  for (const [ordered, { value, version }] of entries) {
    if (left <= 0 || !ordered.startsWith(begin)) return;
    // With `after` before the prefix, the walk began at the prefix, which is behind it.
    if (behind !== undefined && ordered <= behind) continue;
    yield { space, key: fromOrdered(ordered), value, version };
    left--;
  }
}
