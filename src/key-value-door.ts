import { resolve } from "node:path";
import type {
  KeyValueCheckpoint,
  KeyValueCompactDocument,
  KeyValueDocument,
  KeyValueDoor,
  KeyValueRepairDocument,
  KeyValueStatsDocument,
} from "./cli/index.ts";
import {
  type CheckpointState,
  compactStore,
  inspectStore,
  repairStore,
  type StoreCompaction,
  type StoreInspection,
  type StoreRepair,
  type StoreStatistics,
  storeStatistics,
} from "./store/index.ts";
import { translateStoreErrors } from "./store-failure.ts";

/** Shows key-value stores to the command line, in its words. */
export const keyValueDoor: KeyValueDoor = {
  inspect: (path, options) => translated(path, async () => toDocument(path, await inspectStore(path, options))),
  stats: (path) => translated(path, async () => toStats(path, await storeStatistics(path))),
  repair: (path, options) => translated(path, async () => toRepair(path, await repairStore(path, options))),
  compact: (path) => translated(path, async () => toCompaction(path, await compactStore(path))),
};

const translated = translateStoreErrors((code, path) => {
  if (code === "not_found") return "name the folder that holds the file `store`";
  if (code === "locked")
    return "stop the process that has it open, which compacts it by itself; `inspect`, `verify` and `stats` are safe";
  if (code === "corrupt")
    return `\`solo store verify ${path}\` tells where; with --repair it goes back to the newest whole state`;
  return undefined;
});

function toDocument(path: string, found: StoreInspection): KeyValueDocument {
  return {
    path: resolve(path),
    format: found.formatVersion,
    live: found.live,
    state: found.state,
    begin: found.begin,
    end: found.end,
    committed: found.committed,
    durable: found.durable,
    generation: found.generation,
    version: found.version,
    page_bytes: found.pageBytes,
    segment_bytes: found.segmentBytes,
    bytes: found.segments.reduce((sum, { bytes }) => sum + bytes, 0),
    behind_end_bytes: found.behind,
    segments: found.segments,
    sessions: [...found.sessions].map(([name, serial]) => ({ name, serial })),
    checkpoints: found.checkpoints.map(toCheckpoint),
    unreadable_checkpoints: found.unreadable,
    set_aside_checkpoints: found.setAside,
    damages: found.damages,
  };
}

function toCheckpoint({ checkpoint, whole, problem }: CheckpointState): KeyValueCheckpoint {
  const { id, kind, created, generation, version, begin, final, bytes, base } = checkpoint;
  return {
    id,
    kind,
    created: new Date(created).toISOString(),
    generation,
    version,
    begin: begin * 8,
    end: final * 8,
    bytes,
    base: base ?? null,
    whole,
    problem: problem ?? null,
  };
}

function toStats(path: string, found: StoreStatistics): KeyValueStatsDocument {
  const { inspection, keys, valueBytes, diskBytes, liveBytes } = found;
  return {
    path: resolve(path),
    live: inspection.live,
    keys,
    key_bytes: found.keyBytes,
    value_bytes: valueBytes,
    smallest_value_bytes: found.smallestValueBytes,
    largest_value_bytes: found.largestValueBytes,
    mean_value_bytes: keys === 0 ? 0 : Math.round(valueBytes / keys),
    segments: inspection.segments.length,
    checkpoints: inspection.checkpoints.length,
    bytes: diskBytes,
    live_bytes: liveBytes,
    reclaimable_bytes: Math.max(0, diskBytes - liveBytes),
    sizes: found.sizes.map(({ upToBytes, keys: count }) => ({ up_to_bytes: upToBytes, keys: count })),
  };
}

function toRepair(path: string, { recovery, end }: StoreRepair): KeyValueRepairDocument {
  const { problems, setAside, checkpoint, droppedBytes } = recovery;
  return {
    path: resolve(path),
    repaired: problems.length > 0 || droppedBytes > 0,
    problems,
    set_aside_checkpoints: setAside,
    checkpoint: checkpoint ?? null,
    end,
    lost_bytes: droppedBytes,
  };
}

function toCompaction(path: string, done: StoreCompaction): KeyValueCompactDocument {
  return {
    path: resolve(path),
    begin: done.begin,
    previous_begin: done.previousBegin,
    moved_records: done.moved,
    bytes_before: done.bytesBefore,
    bytes_after: done.bytesAfter,
    freed_bytes: Math.max(0, done.bytesBefore - done.bytesAfter),
    removed_checkpoints: done.removedCheckpoints,
  };
}
