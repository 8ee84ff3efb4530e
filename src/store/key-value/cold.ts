import {
  headerWords,
  joinAddress,
  keyWordAt,
  previousHigh,
  previousLow,
  tombstone,
  valueLengthWord,
} from "../hybrid-log/layout.ts";
import type { Engine } from "./engine.ts";
import { KeyBuffer } from "./key.ts";
import { matches } from "./records.ts";

/** What a chain on disk says about a key. */
export interface ColdResult {
  /** The first address that had to be read: as long as a lookup ends there, the result holds. */
  readonly from: number;
  /** The newest record of the key, or 0. */
  readonly address: number;
  /** The record before it in the chain, or 0. */
  readonly previous: number;
  /** Its value; `undefined` when there is none or it was deleted. */
  readonly value: Uint8Array | undefined;
}

/** Follows a chain of records on disk to the newest one of a key. `key` must not change meanwhile. */
export async function findCold(engine: Engine, key: KeyBuffer, from: number): Promise<ColdResult> {
  engine.pendingReads++;
  try {
    for (let address = from; address >= engine.memory.begin; ) {
      const record = await readRecord(engine, address);
      if (record === undefined) break;
      const previous = joinAddress(record[previousLow] ?? 0, record[previousHigh] ?? 0);
      if (matches(record, 0, key)) return { from, address, previous, value: valueIn(record) };
      address = previous;
    }
    return { from, address: 0, previous: 0, value: undefined };
  } finally {
    engine.pendingReads--;
  }
}

/** A copy of a key that outlives the next operation. */
export function keepKey(key: KeyBuffer): KeyBuffer {
  const kept = new KeyBuffer((key.wordCount || 1) * 4);
  kept.copyFrom(key);
  return kept;
}

/** A record below the begin address has moved or is dead: `undefined`. */
async function readRecord(engine: Engine, address: number): Promise<Int32Array | undefined> {
  const cached = engine.cache.find(address);
  if (cached >= 0) {
    const { words } = engine.cache;
    return words.slice(cached, cached + (words[cached + 6] ?? 0) * 2);
  }
  try {
    const record = await engine.reader.read(address);
    engine.cache.add(address, record);
    return record;
  } catch (error) {
    if (address < engine.memory.begin) return undefined;
    throw error;
  }
}

function valueIn(record: Int32Array): Uint8Array | undefined {
  if (((record[previousHigh] ?? 0) & tombstone) !== 0) return undefined;
  const start = headerWords * 4 + ((((record[keyWordAt] ?? 0) & 0xffff) + 3) & ~3);
  return new Uint8Array(record.buffer).slice(start, start + (record[valueLengthWord] ?? 0));
}
