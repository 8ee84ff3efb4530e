import { StoreError } from "../error.ts";
import type { Engine } from "../key-value/engine.ts";
import { type StoreMeta, writeMeta } from "../key-value/store-meta.ts";
import { type Catalog, type Checkpoint, removeCheckpoint, setAside } from "./catalog.ts";

/** The checkpoint that `at` names, if it does. */
export function findTarget({ settings: { at } }: Engine, catalog: Catalog, meta: StoreMeta): Checkpoint | undefined {
  if (at === undefined) return undefined;
  const found = catalog.checkpoints.find(({ id }) => id === at);
  const damaged = catalog.damaged.find(({ id }) => id === at);
  if (damaged !== undefined) throw damaged.problem;
  if (found === undefined) throw new StoreError("not_found", `there is no checkpoint ${at}`);
  if (found.kind === "index") throw new StoreError("invalid_argument", `checkpoint ${at} holds only an index`);
  // Even if its own end is still there: what was alive before the begin has moved behind it.
  if (found.begin < meta.begin)
    throw new StoreError("invalid_argument", `the log that checkpoint ${at} needs has been compacted`);
  return found;
}

/**
 * With `repair` or `at`: puts away the checkpoints of what is given up, and takes back what the metadata knows of it. All of
 * it is durable before the log is cut, lest a crash in between leave a log shorter than something says. Returns the
 * checkpoints that were set aside.
 * @param to where it goes back to
 */
export async function giveUpLater(
  { files, folder, settings }: Engine,
  { checkpoints, damaged }: Catalog,
  meta: StoreMeta,
  to: { readonly end: number; readonly generation: number },
): Promise<string[]> {
  const isRepair = settings.repair;
  if (!isRepair && settings.at === undefined) return [];
  const later = checkpoints.filter(({ generation }) => generation > to.generation).map(({ id }) => id);
  // A delta goes before what it is based on.
  const gone = [...damaged.splice(0).map(({ id }) => id), ...later.toReversed()];
  for (const id of gone) await (isRepair ? setAside : removeCheckpoint)(files, folder, id);
  checkpoints.splice(0, checkpoints.length, ...checkpoints.filter(({ id }) => !later.includes(id)));
  if (meta.committed > to.end) await writeMeta(files, folder, { ...meta, committed: to.end });
  return isRepair ? gone : [];
}
