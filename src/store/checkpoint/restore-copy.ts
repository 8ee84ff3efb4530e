import { join } from "node:path";
import { StoreError } from "../error.ts";
import type { Engine } from "../key-value/engine.ts";
import { type Checkpoint, checkpointFolder, tokenOf } from "./catalog.ts";
import { readExtents } from "./extents.ts";
import type { PageLoader } from "./page-loader.ts";

/**
 * Puts a snapshot, or a delta and what it is based on, into memory, from `flushed` on.
 * @throws `corrupt`, `invalid_argument` when memory is too small for it
 */
export async function restoreCopy(
  { memory, files, folder }: Engine,
  loader: PageLoader,
  checkpoints: readonly Checkpoint[],
  copy: Checkpoint,
  flushed: number,
): Promise<void> {
  const { pageUnits } = memory.geometry;
  const first = memory.pageOf(flushed);
  const last = memory.pageOf(copy.final);
  if (last - first >= memory.pages) {
    const need = (last - first + 1) * memory.geometry.pageBytes;
    throw new StoreError("invalid_argument", `checkpoint ${copy.id} needs at least ${need} bytes of memory`);
  }
  const chain = chainOf(copy, checkpoints);
  await loader.load(first);
  for (let page = first + 1; page <= last; page++) memory.page(page).fill(0);
  for (const link of chain) {
    const path = join(checkpointFolder(folder, link.id), "log");
    await readExtents(files, { path, chunks: link.logChunks, token: tokenOf(link.id) }, memory, flushed);
  }
  memory.range(copy.final, (last + 1) * pageUnits).fill(0);
  for (let page = first; page <= last; page++) loader.placed(page, Math.max(copy.final, (page + 1) * pageUnits));
}

/** A delta's bases, the snapshot first, and itself. */
function chainOf(copy: Checkpoint, checkpoints: readonly Checkpoint[]): Checkpoint[] {
  if (copy.base === undefined) return [copy];
  const base = checkpoints.find(({ id }) => id === copy.base);
  if (base === undefined) throw new StoreError("corrupt", `checkpoint ${copy.base}, on which it is based, is missing`);
  return [...chainOf(base, checkpoints), copy];
}
