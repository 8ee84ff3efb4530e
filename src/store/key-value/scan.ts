import { headerWords, keyWordAt, kindData } from "../hybrid-log/layout.ts";
import { findCold } from "./cold.ts";
import type { Engine } from "./engine.ts";
import { KeyBuffer, keyOf } from "./key.ts";
import { absent, onDisk } from "./records.ts";
import { walkPages } from "./walk-pages.ts";

/** A key, with integers as numbers and all others as bytes, and its value. */
export interface Entry {
  readonly key: Uint8Array | number;
  readonly value: Uint8Array;
}

/**
 * Every key that exists when the scan begins, once, in no useful order, with the value that it has when it is its turn. Keys
 * deleted meanwhile are left out; keys added meanwhile aren't seen.
 */
export async function* scan(engine: Engine): AsyncGenerator<Entry> {
  const key = new KeyBuffer();
  const end = engine.memory.tail;
  for await (const { bytes, words, records } of walkPages(engine, engine.memory.begin, end)) {
    for (const { address, at, kind } of records) {
      if (kind !== kindData) continue;
      key.loadRecord(words, at);
      const newest = await newestOf(engine, key, end);
      // Of a key's records only the last one from before the scan speaks for it.
      if (newest.lastBefore !== address || newest.value === undefined) continue;
      yield { key: keyOf(bytes, words, at + headerWords, words[at + keyWordAt] ?? 0), value: newest.value };
    }
  }
}

interface Newest {
  /** The key's newest record below `end`, or 0. */
  readonly lastBefore: number;
  readonly value: Uint8Array | undefined;
}

async function newestOf(engine: Engine, key: KeyBuffer, end: number): Promise<Newest> {
  const { records } = engine;
  let value: Uint8Array | undefined;
  let isFirst = true;
  for (let where = records.find(key); where !== absent; ) {
    let previous: number;
    let address: number;
    if (where === onDisk) {
      const cold = await findCold(engine, key, records.address);
      if (cold.address === 0) break;
      if (isFirst) value = cold.value;
      ({ address, previous } = cold);
    } else {
      ({ address } = records);
      if (isFirst) value = records.isDeleted(where) ? undefined : records.value(where);
      previous = records.previous(where);
    }
    if (address < end) return { lastBefore: address, value };
    isFirst = false;
    where = records.findFrom(key, previous);
  }
  return { lastBefore: 0, value };
}
