import { type FileSystem, nodeFileSystem } from "../file/index.ts";
import { KeyValueStore } from "../key-value/index.ts";
import { inspectStore } from "./inspect-store.ts";
import { memoryFor } from "./memory-for.ts";

/** What compacting a store at rest did. Positions are bytes of the log. */
export interface StoreCompaction {
  readonly begin: number;
  readonly previousBegin: number;
  /** Records that were alive, copied to the log's end. */
  readonly moved: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Checkpoints that could no longer be gone back to. */
  readonly removedCheckpoints: readonly string[];
}

/** Compaction removes those that need what it frees, and nothing else does. */
const keepAll = Number.MAX_SAFE_INTEGER;

/**
 * Opens a store at rest and compacts all of it, segment by segment, so that little more room is needed than is freed on the
 * way. Ends with a checkpoint, so that the next opening needn't read it all.
 * @throws `locked` when somebody has it open, who compacts it himself; `corrupt`, `not_found`
 */
export async function compactStore(folder: string, files: FileSystem = nodeFileSystem): Promise<StoreCompaction> {
  const memoryBytes = memoryFor(await inspectStore(folder, { files }));
  const store = await KeyValueStore.open(folder, { files, create: false, memoryBytes, keepCheckpoints: keepAll });
  try {
    const before = store.stats();
    const checkpoints = restorable(store);
    await store.commit();
    const end = store.stats().committed;
    let moved = 0;
    for (let begin = before.begin; begin < end; begin = store.stats().begin) {
      const done = await store.compact({ bytes: Math.min(store.segmentBytes, end - begin) });
      moved += done.moved;
      if (done.scannedBytes === 0) break;
    }
    const kept = new Set(restorable(store));
    if (moved > 0) await store.checkpoint();
    const after = store.stats();
    return {
      begin: after.begin,
      previousBegin: before.begin,
      moved,
      bytesBefore: before.diskBytes,
      bytesAfter: after.diskBytes,
      removedCheckpoints: checkpoints.filter((id) => !kept.has(id)),
    };
  } finally {
    await store.close();
  }
}

/** Checkpoints that can be gone back to. */
function restorable({ checkpoints }: KeyValueStore): string[] {
  return checkpoints.filter(({ kind }) => kind !== "index").map(({ id }) => id);
}
