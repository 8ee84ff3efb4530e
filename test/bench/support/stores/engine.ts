import type { Keys } from "../ycsb.ts";

/** A key-value store as the benchmarks use it. What returns a promise is awaited, several of them at a time. */
export interface StoreEngine {
  readonly name: string;
  get(key: string): Found | Promise<Found>;
  put(key: string, value: Uint8Array): unknown;
  /** Reads a value and writes another one for it. */
  update(key: string, value: Uint8Array): unknown;
  /** Writes all of them as one transaction where the engine has them, durable when it is over if it was opened as durable. */
  putMany(keys: readonly string[], value: Uint8Array): unknown;
  close(): Promise<void> | undefined;
}

export type Found = Uint8Array | null | undefined;

export interface EngineOptions {
  /** Whether writes are synced; if not, nobody syncs. */
  readonly durable: boolean;
  /** Memory for what was read or written. */
  readonly cacheBytes: number;
}

export type OpenEngine = (folder: string, options: EngineOptions) => Promise<StoreEngine>;

/** Promises that are awaited together: enough to keep an engine's threads busy. */
export const window = 64;

/** Puts the keys from one on as every engine likes it best: in order, and many at a time. */
export async function fill(engine: StoreEngine, keys: Keys, from: number, value: Uint8Array): Promise<void> {
  const sorted = keys.sortedFrom(from);
  for (let first = 0; first < sorted.length; first += group) {
    await engine.putMany(
      Array.from(sorted.subarray(first, first + group), (index) => keys.at(index)),
      value,
    );
  }
}

const group = 4_096;
