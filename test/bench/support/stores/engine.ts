/** A key-value store as the benchmarks use it. What returns a promise is awaited, several of them at a time. */
export interface StoreEngine {
  readonly name: string;
  get(key: string): Found | Promise<Found>;
  put(key: string, value: Uint8Array): unknown;
  /** Reads a value and writes another one for it. */
  update(key: string, value: Uint8Array): unknown;
  /** Writes all of them as one transaction, durable when it is over; only of engines that were opened as durable. */
  putDurably?(keys: readonly string[], value: Uint8Array): unknown;
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
