import { join } from "node:path";
import {
  type Catalog,
  type Checkpoint,
  checkpointFolder,
  readCatalog,
  removeCheckpoint,
} from "../checkpoint/catalog.ts";
import { makeDurableFolder } from "../checkpoint/durable-folder.ts";
import { type Mended, mendCheckpoints } from "../checkpoint/mend.ts";
import { type RecoveryReport, recover } from "../checkpoint/recover.ts";
import { forgetBefore } from "../checkpoint/retention.ts";
import { StoreError } from "../error.ts";
import { type FileLock, type FileSystem, nodeFileSystem } from "../file/index.ts";
import { lockPatiently } from "../file/patient-lock.ts";
import { isMissing } from "../hybrid-log/log-files.ts";
import { Engine } from "./engine.ts";
import { type Settings, type StoreOptions, settings } from "./options.ts";
import {
  holdsLog,
  newMeta,
  readMeta,
  readOrRebuildMeta,
  type StoredMeta,
  type StoreMeta,
  writeMeta,
} from "./store-meta.ts";

export interface Opened {
  readonly engine: Engine;
  readonly meta: StoreMeta;
  readonly checkpoints: Checkpoint[];
  readonly lock: FileLock;
  readonly recovery: RecoveryReport;
}

/** Opens the store in a folder, making it if need be, and recovers its newest durable state. */
export async function openEngine(folder: string, options: StoreOptions): Promise<Opened> {
  const files = options.files ?? nodeFileSystem;
  const create = options.create ?? true;
  const lock = await takeLock(files, folder, create);
  try {
    const stored = await readOrMake(
      files,
      folder,
      options.repair ?? false,
      create ? () => settings(options) : undefined,
    );
    const { meta } = stored;
    const engine = new Engine(folder, files, settings(options, meta.geometry), { store: meta.store });
    const catalog = await readCatalog(files, folder);
    try {
      await syncNames(files, folder, catalog);
      const mended = engine.settings.repair ? await mendCheckpoints(files, folder, catalog) : nothingMended;
      const recovered = await recover(engine, meta, catalog);
      await removeLeftovers(files, folder, catalog, engine.flusher.generation);
      const checkpoints = await forgetBefore(files, folder, catalog.checkpoints, meta.begin);
      await engine.logFiles.deleteBelow(meta.begin);
      if (!stored.isSame) await writeMeta(files, folder, { ...meta, committed: engine.flusher.committed });
      engine.askForHugePages();
      const damages = stored.damages.map(({ file, problem }) => `${file} was written again: ${problem}`);
      const recovery = {
        ...recovered,
        problems: [...damages, ...mended.problems, ...recovered.problems],
        setAside: [...mended.setAside, ...recovered.setAside],
      };
      return { engine, meta, checkpoints, lock, recovery };
    } catch (error) {
      engine.logFiles.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw StoreError.fromFile(`opening the store ${folder}`, error);
  }
}

const nothingMended: Mended = { problems: [], setAside: [] };

async function takeLock(files: FileSystem, folder: string, create: boolean): Promise<FileLock> {
  let lock: FileLock | undefined;
  try {
    if (create) await makeDurableFolder(files, checkpointFolder(folder));
    else if (!files.list(folder).includes("store") && !holdsLog(files, folder)) await readMeta(files, folder);
    lock = await lockPatiently(files, join(folder, "lock"));
  } catch (error) {
    throw StoreError.fromFile(`opening the store ${folder}`, error);
  }
  if (lock === undefined) throw new StoreError("locked", `the store ${folder} is open elsewhere`);
  return lock;
}

function withoutMeta(problem: string, cause: unknown): StoreError {
  const way = "Opening with `repair` takes what they said from the log and the checkpoints";
  return new StoreError("corrupt", `${problem}. ${way}`, cause);
}

/** @param wanted what a store is to be like, if one may be made */
async function readOrMake(
  files: FileSystem,
  folder: string,
  repair: boolean,
  wanted: (() => Settings) | undefined,
): Promise<StoredMeta> {
  try {
    return await (repair ? readOrRebuildMeta(files, folder) : readMeta(files, folder));
  } catch (error) {
    // Without its metadata a log isn't sure to be all there; a new store over it would destroy what a repair can save.
    if (isMissing(error) && holdsLog(files, folder))
      throw withoutMeta(`${folder} holds a log, but its files \`store\` and \`store.copy\` are missing`, error);
    if (!isMissing(error)) {
      if (repair || !(error instanceof StoreError) || error.code !== "corrupt") throw error;
      throw withoutMeta(`both files with the store's metadata are damaged: ${error.message}`, error);
    }
    if (wanted === undefined) throw new StoreError("not_found", `there is no store in ${folder}`);
    const { geometry, random } = wanted();
    const meta = newMeta(geometry, random);
    await writeMeta(files, folder, meta);
    return await readMeta(files, folder);
  }
}

/** What a process that died had renamed, but not yet made durable, is about to be relied on. */
async function syncNames(files: FileSystem, folder: string, { checkpoints }: Catalog): Promise<void> {
  for (const { id } of checkpoints) await files.syncFolder(checkpointFolder(folder, id));
  await files.syncFolder(checkpointFolder(folder));
  await files.syncFolder(folder);
}

/** Checkpoints that were never finished, and those of something that a crash has torn. */
async function removeLeftovers(files: FileSystem, folder: string, catalog: Catalog, generation: number): Promise<void> {
  const later = catalog.checkpoints
    .filter((one) => one.generation > generation)
    .map(({ id }) => id)
    .toReversed();
  for (const id of [...catalog.unfinished, ...later]) {
    await removeCheckpoint(files, folder, id);
  }
}
