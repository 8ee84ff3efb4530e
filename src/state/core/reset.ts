import { type EntryKind, entryKinds } from "./entry-format.ts";
import { type Space, spaces } from "./space.ts";
import { Table } from "./table.ts";
import { Turns } from "./turns.ts";
import type { Mutation, SourceEntry, StateSource } from "./types.ts";

/** What one entry of the log holds of a reset. */
const partBytes = 2 ** 20;
/** What a mutation takes beside its key and value, about. */
const mutationBytes = 16;

export interface Replacement {
  readonly before: Table;
  readonly source: StateSource;
  readonly position: number;
  /** Told of each key that goes. */
  readonly onDelete: (mutation: Mutation) => void;
  /** Appends an entry of the reset and gives its address. */
  readonly append: (kind: EntryKind, mutations: readonly Mutation[]) => Promise<number>;
}

export interface Replaced {
  readonly table: Table;
  /** Of the first entry. */
  readonly address: number;
}

/**
 * Logs what makes one table into another, in parts that take effect with the last one, and builds the new table beside the
 * old, fastest when the source's entries come in order. What is the same in both is not logged, and keeps its version.
 * Answers remembered in `reply` stay: whether a request was applied does not change because the state went back.
 */
export async function replaceAll({ before, source, position, onDelete, append }: Replacement): Promise<Replaced> {
  const table = new Table();
  const parts = new Parts(append);
  const turns = new Turns();
  const kept = new Map<Space, number>();
  const lookup = before.lookup();
  for (const { space, key, value, version } of before.entries("reply")) table.put(space, key, value, version);
  for await (const batch of source.batches?.() ?? singly(source)) {
    for (const { space, key, value } of batch) {
      if (space === "reply") continue;
      const old = lookup(space, key);
      if (old !== undefined) kept.set(space, (kept.get(space) ?? 0) + 1);
      if (old !== undefined && Buffer.compare(old.value, value) === 0) table.put(space, key, old.value, old.version);
      else {
        table.put(space, key, value, position);
        if (parts.add({ op: "put", space, key, value })) await parts.flush();
      }
      if (turns.isDue()) await turns.next();
    }
  }
  for (const space of spaces) {
    // The usual case, and the only one that needn't look at every key.
    if (before.keysOf(space) === (kept.get(space) ?? 0)) continue;
    for (const { key } of before.entries(space)) {
      if (turns.isDue()) await turns.next();
      if (table.get(space, key) !== undefined) continue;
      const mutation: Mutation = { op: "delete", space, key };
      onDelete(mutation);
      if (parts.add(mutation)) await parts.flush();
    }
  }
  return { table, address: await parts.end() };
}

async function* singly(source: StateSource): AsyncGenerator<Iterable<SourceEntry>> {
  for await (const entry of source.entries()) yield [entry];
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
