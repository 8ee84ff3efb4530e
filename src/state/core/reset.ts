import { type EntryKind, entryKinds } from "./entry-format.ts";
import { type Space, spaces } from "./space.ts";
import { Table } from "./table.ts";
import type { Mutation, SourceEntry, StateSource } from "./types.ts";

/** What one entry of the log holds of a reset. */
const partBytes = 2 ** 20;
/** What a mutation takes beside its key and value, about. */
const mutationBytes = 16;

export interface Replacement {
  readonly before: Table;
  readonly source: StateSource;
  readonly position: number;
  /** Appends an entry of the reset and gives its address. */
  readonly append: (kind: EntryKind, mutations: readonly Mutation[]) => Promise<number>;
}

export interface Replaced {
  readonly table: Table;
  readonly changed: readonly Pick<Mutation, "space" | "key">[];
  /** Of the first entry. */
  readonly address: number;
}

/**
 * Logs what makes one table into another, in parts that take effect with the last one, and builds the new table beside the
 * old. What is the same in both is not logged, and keeps its version. Answers remembered in `reply` stay: whether a request
 * was applied does not change because the state went back.
 */
export async function replaceAll({ before, source, position, append }: Replacement): Promise<Replaced> {
  const table = new Table();
  const changed: Pick<Mutation, "space" | "key">[] = [];
  const parts = new Parts(append);
  const kept = new Map<Space, number>();
  for (const { space, key, value, version } of before.entries("reply")) table.put(space, key, value, version);
  for await (const batch of source.batches?.() ?? singly(source)) {
    for (const { space, key, value } of batch) {
      if (space === "reply") continue;
      const old = before.get(space, key);
      if (old !== undefined) kept.set(space, (kept.get(space) ?? 0) + 1);
      if (old !== undefined && Buffer.compare(old.value, value) === 0) table.put(space, key, old.value, old.version);
      else {
        table.put(space, key, value, position);
        changed.push({ space, key });
        if (parts.add({ op: "put", space, key, value })) await parts.flush();
      }
    }
  }
  for (const space of spaces) {
    // The usual case, and the only one that needn't look at every key.
    if (before.keysOf(space) === (kept.get(space) ?? 0)) continue;
    for (const key of missing(space, before, table)) {
      changed.push({ space, key });
      if (parts.add({ op: "delete", space, key })) await parts.flush();
    }
  }
  return { table, changed, address: await parts.end() };
}

async function* singly(source: StateSource): AsyncGenerator<Iterable<SourceEntry>> {
  for await (const entry of source.entries()) yield [entry];
}

function* missing(space: Space, before: Table, after: Table): Generator<string> {
  for (const { key } of before.entries(space)) if (after.get(space, key) === undefined) yield key;
}

/** Collects mutations into entries of a bounded size. */
class Parts {
  readonly #append: Replacement["append"];
  #mutations: Mutation[] = [];
  #bytes = 0;
  #first: number | undefined;

  constructor(append: Replacement["append"]) {
    this.#append = append;
  }

  /** @returns whether it is time for {@link flush} */
  add(mutation: Mutation): boolean {
    this.#bytes += mutationBytes + mutation.key.length + (mutation.op === "put" ? mutation.value.length : 0);
    this.#mutations.push(mutation);
    return this.#bytes >= partBytes;
  }

  async flush(): Promise<void> {
    await this.#flush(entryKinds.part);
  }

  async end(): Promise<number> {
    return this.#flush(entryKinds.last);
  }

  async #flush(kind: EntryKind): Promise<number> {
    const address = await this.#append(kind, this.#mutations);
    this.#first ??= address;
    this.#mutations = [];
    this.#bytes = 0;
    return this.#first;
  }
}
