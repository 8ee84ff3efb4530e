import { join } from "node:path";
import { type Catalog, checkpointFolder, readCatalog } from "../checkpoint/catalog.ts";
import { removeCheckpoint } from "../checkpoint/checkpointer.ts";
import { makeDurableFolder } from "../checkpoint/durable-folder.ts";
import { type RecoveryReport, recover } from "../checkpoint/recover.ts";
import { StoreError } from "../error.ts";
import { type FileLock, type FileSystem, nodeFileSystem } from "../file/index.ts";
import type { Geometry } from "../hybrid-log/geometry.ts";
import { isMissing } from "../hybrid-log/log-files.ts";
import { Engine } from "./engine.ts";
import { type StoreOptions, settings } from "./options.ts";
import { newMeta, readMeta, type StoreMeta, writeMeta } from "./store-meta.ts";

export interface Opened {
  readonly engine: Engine;
  readonly meta: StoreMeta;
  readonly catalog: Catalog;
  readonly lock: FileLock;
  readonly recovery: RecoveryReport;
}

/** Opens the store in a folder, making it if need be, and recovers its newest durable state. */
export async function openEngine(folder: string, options: StoreOptions): Promise<Opened> {
  const files = options.files ?? nodeFileSystem;
  const create = options.create ?? true;
  const lock = await takeLock(files, folder, create);
  try {
    const meta = await readOrMake(files, folder, create ? () => settings(options).geometry : undefined);
    const engine = new Engine(folder, files, settings(options, meta.geometry), { store: meta.store });
    const catalog = await readCatalog(files, folder);
    try {
      await syncNames(files, folder, catalog);
      const recovery = await recover(engine, meta, catalog);
      await removeLeftovers(files, folder, catalog, engine.flusher.generation);
      await engine.logFiles.deleteBelow(meta.begin);
      return { engine, meta, catalog, lock, recovery };
    } catch (error) {
      engine.logFiles.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw StoreError.fromFile(`opening the store ${folder}`, error);
  }
}

async function takeLock(files: FileSystem, folder: string, create: boolean): Promise<FileLock> {
  let lock: FileLock | undefined;
  try {
    if (create) await makeDurableFolder(files, checkpointFolder(folder));
    else files.list(folder);
    lock = files.lock(join(folder, "lock"));
  } catch (error) {
    throw StoreError.fromFile(`opening the store ${folder}`, error);
  }
  if (lock === undefined) throw new StoreError("locked", `the store ${folder} is open elsewhere`);
  return lock;
}

/** @param sizes of a store to make, if one may be made */
async function readOrMake(files: FileSystem, folder: string, sizes: (() => Geometry) | undefined): Promise<StoreMeta> {
  try {
    return await readMeta(files, folder);
  } catch (error) {
    if (!isMissing(error)) throw error;
    if (sizes === undefined) throw new StoreError("not_found", `there is no store in ${folder}`);
    // Without its metadata a log says nothing; a new store over it would destroy what a repair might still save.
    if (files.list(folder).some((name) => /^log\.\d+$/.test(name))) {
      throw new StoreError("corrupt", `${folder} holds a log, but its file "store" is missing`);
    }
    const meta = newMeta(sizes());
    await writeMeta(files, folder, meta);
    return meta;
  }
}

/** What a process that died had renamed, but not yet made durable, is about to be relied on. */
async function syncNames(files: FileSystem, folder: string, { checkpoints }: Catalog): Promise<void> {
  for (const { id } of checkpoints) await files.syncFolder(checkpointFolder(folder, id));
  await files.syncFolder(checkpointFolder(folder));
  await files.syncFolder(folder);
}

/** Checkpoints that were never finished, and with `repair` those that are damaged or later than where it went back to. */
async function removeLeftovers(files: FileSystem, folder: string, catalog: Catalog, generation: number): Promise<void> {
  const later = catalog.checkpoints.filter((one) => one.generation > generation).map(({ id }) => id);
  for (const id of [...catalog.unfinished, ...catalog.damaged.map((one) => one.id), ...later]) {
    await removeCheckpoint(files, folder, id);
  }
}
