import { join } from "node:path";
import type { FileSystem } from "../file/index.ts";
import { type Checkpoint, checkpointFolder, removeCheckpoint, writeCheckpoint } from "./catalog.ts";

/**
 * Removes the checkpoints that nobody needs any more: kept are the newest `keep` of the log, whatever deltas among them are
 * based on, and the newest index. Returns those that are left.
 */
export async function removeExpired(
  files: FileSystem,
  folder: string,
  checkpoints: readonly Checkpoint[],
  keep: number,
): Promise<Checkpoint[]> {
  const needed = new Set(
    checkpoints
      .filter(({ kind }) => kind !== "index")
      .slice(-keep)
      .map(({ id }) => id),
  );
  for (const { id, base } of checkpoints.toReversed()) {
    if (needed.has(id) && base !== undefined) needed.add(base);
  }
  const indexed = checkpoints.findLast(({ indexChunks }) => indexChunks > 0);
  const left: Checkpoint[] = [];
  // The newest first: a delta goes before what it is based on.
  for (const checkpoint of checkpoints.toReversed()) {
    if (needed.has(checkpoint.id)) left.unshift(checkpoint);
    else if (checkpoint === indexed) left.unshift(await onlyIndex(files, folder, checkpoint));
    else await removeCheckpoint(files, folder, checkpoint.id);
  }
  return left;
}

/**
 * Removes the checkpoints from before a compaction: the log begins later now, and what was alive has moved behind them, so
 * none can be gone back to. Of the newest the index is kept, which still spares the next opening most of its reading.
 * Returns those that are left.
 */
export async function forgetBefore(
  files: FileSystem,
  folder: string,
  checkpoints: readonly Checkpoint[],
  begin: number,
): Promise<Checkpoint[]> {
  const older = checkpoints.filter((one) => one.begin < begin);
  const useful = older.findLast(({ indexChunks, indexStart }) => indexChunks > 0 && indexStart >= begin);
  const rest = checkpoints.filter((one) => one.begin >= begin);
  const left = useful === undefined ? rest : [await onlyIndex(files, folder, useful), ...rest];
  for (const { id } of older.toReversed()) if (id !== useful?.id) await removeCheckpoint(files, folder, id);
  return left;
}

async function onlyIndex(files: FileSystem, folder: string, checkpoint: Checkpoint): Promise<Checkpoint> {
  if (checkpoint.kind === "index") return checkpoint;
  const bare: Checkpoint = { ...checkpoint, kind: "index", base: undefined, logChunks: 0 };
  await writeCheckpoint(files, folder, bare);
  await files.remove(join(checkpointFolder(folder, checkpoint.id), "log"));
  return bare;
}
