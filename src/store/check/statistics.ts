import { StoreError } from "../error.ts";
import { type FileSystem, nodeFileSystem } from "../file/index.ts";
import { recordUnits, unitBytes } from "../hybrid-log/layout.ts";
import { type Entry, KeyValueStore } from "../key-value/index.ts";
import { inspectStore, type StoreInspection } from "./inspect-store.ts";
import { memoryFor } from "./memory-for.ts";
import { viewOf } from "./view-files.ts";

/** Counts over all keys of a store. Sizes are bytes. */
export interface StoreStatistics {
  readonly inspection: StoreInspection;
  readonly keys: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly smallestValueBytes: number;
  readonly largestValueBytes: number;
  /** Segment files, without space that has been freed within them. */
  readonly diskBytes: number;
  /** What the newest record of every key takes in the log. */
  readonly liveBytes: number;
  /** How many keys have values of at most so many bytes, and more than the step before. */
  readonly sizes: readonly { readonly upToBytes: number; readonly keys: number }[];
}

/** How often counting begins again because a live store was compacted meanwhile. */
const tries = 5;

/**
 * Counts what a store holds, whether it is open or at rest: opens a view of it that can't change anything.
 * @throws as `inspectStore` does; `corrupt` when it can't be opened without repair
 */
export async function storeStatistics(folder: string, files: FileSystem = nodeFileSystem): Promise<StoreStatistics> {
  for (let left = tries; ; left--) {
    const inspection = await inspectStore(folder, { files });
    try {
      return await count(folder, files, inspection);
    } catch (error) {
      if (!inspection.live || left === 1) throw StoreError.fromFile(`reading ${folder}`, error);
    }
  }
}

async function count(folder: string, files: FileSystem, inspection: StoreInspection): Promise<StoreStatistics> {
  const memoryBytes = memoryFor(inspection);
  const store = await KeyValueStore.open(folder, { files: viewOf(files), create: false, memoryBytes });
  const counts = { keys: 0, keyBytes: 0, valueBytes: 0, smallest: Number.POSITIVE_INFINITY, largest: 0, liveBytes: 0 };
  const sizes = new Map<number, number>();
  try {
    for await (const entry of store.scan()) {
      const keyBytes = bytesOfKey(entry);
      const valueBytes = entry.value.length;
      counts.keys++;
      counts.keyBytes += keyBytes;
      counts.valueBytes += valueBytes;
      counts.smallest = Math.min(counts.smallest, valueBytes);
      counts.largest = Math.max(counts.largest, valueBytes);
      counts.liveBytes += recordUnits(Math.ceil(keyBytes / 4), valueBytes) * unitBytes;
      const step = valueBytes <= smallestStepBytes ? smallestStepBytes : 4 ** Math.ceil(Math.log2(valueBytes) / 2);
      sizes.set(step, (sizes.get(step) ?? 0) + 1);
    }
    return {
      inspection,
      keys: counts.keys,
      keyBytes: counts.keyBytes,
      valueBytes: counts.valueBytes,
      smallestValueBytes: counts.keys === 0 ? 0 : counts.smallest,
      largestValueBytes: counts.largest,
      diskBytes: store.stats().diskBytes,
      liveBytes: counts.liveBytes,
      sizes: [...sizes].toSorted(([a], [b]) => a - b).map(([upToBytes, keys]) => ({ upToBytes, keys })),
    };
  } finally {
    await store.close();
  }
}

function bytesOfKey({ key }: Entry): number {
  return typeof key === "number" ? integerKeyBytes : key.length;
}

const integerKeyBytes = 8;
const smallestStepBytes = 16;
