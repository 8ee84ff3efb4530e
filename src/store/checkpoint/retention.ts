import type { Checkpoint } from "./catalog.ts";

/**
 * The checkpoints that nobody needs any more, each before what it is based on: kept are the newest `keep` of the log, whatever deltas among them are based
 * on, and the newest index.
 */
export function expired(checkpoints: readonly Checkpoint[], keep: number): string[] {
  const ofLog = checkpoints.filter(({ kind }) => kind !== "index");
  const needed = new Set(ofLog.slice(-keep).map(({ id }) => id));
  for (const { id, base } of checkpoints.toReversed()) {
    if (needed.has(id) && base !== undefined) needed.add(base);
  }
  const index = checkpoints.findLast(({ indexChunks }) => indexChunks > 0);
  if (index !== undefined) needed.add(index.id);
  return checkpoints
    .filter(({ id }) => !needed.has(id))
    .map(({ id }) => id)
    .toReversed();
}
