import { join } from "node:path";
import { type Catalog, type Checkpoint, checkpointFolder, readCatalog } from "../checkpoint/catalog.ts";
import { PageLoader } from "../checkpoint/page-loader.ts";
import { StoreError } from "../error.ts";
import { type FileSystem, nodeFileSystem } from "../file/index.ts";
import { isLocked } from "../file/patient-lock.ts";
import type { Geometry } from "../hybrid-log/geometry.ts";
import { isMissing, LogFiles, segmentName } from "../hybrid-log/log-files.ts";
import { LogMemory } from "../hybrid-log/log-memory.ts";
import { readMeta, readOrRebuildMeta, type StoredMeta } from "../key-value/store-meta.ts";
import { checkCheckpointFiles } from "./check-checkpoint.ts";
import { checkPages, followCommits, type LogPoint, type LogReading, type Reached } from "./check-log.ts";
import { type Damage, type LogDamage, logDamage } from "./damage.ts";

/** A checkpoint as its files tell of it. */
export interface CheckpointState {
  readonly checkpoint: Checkpoint;
  /** Whether a store can be opened at it; one of kind `index` only makes opening faster. */
  readonly whole: boolean;
  /** Why not. */
  readonly problem: string | undefined;
}

/** A store as its files tell of it. Positions are bytes of the log. */
export interface StoreInspection {
  readonly formatVersion: number;
  /** Somebody has it open: what was found may be older than what it is now. */
  readonly live: boolean;
  /**
   * `clean`: everything is as it was written. `torn`: so it is, and behind the end lies what a crash left, which opening cuts
   * off. `damaged`: something durable isn't what was written; see {@link damages}.
   */
  readonly state: "clean" | "torn" | "damaged";
  readonly pageBytes: number;
  readonly segmentBytes: number;
  readonly begin: number;
  /** Where opening would take up: behind the last commit, or where a newer snapshot ends. */
  readonly end: number;
  /** Behind the last whole commit. */
  readonly committed: number;
  /** Behind the last byte known to have been durable once. */
  readonly durable: number;
  /** Bytes of files behind the end. */
  readonly behind: number;
  readonly generation: number;
  readonly version: number;
  /** The last durable serial of every session. */
  readonly sessions: ReadonlyMap<string, number>;
  readonly segments: readonly { readonly file: string; readonly bytes: number }[];
  /** The oldest first. */
  readonly checkpoints: readonly CheckpointState[];
  /** Checkpoints whose metadata is damaged. */
  readonly unreadable: readonly string[];
  /** Checkpoints that `repair` has set aside. */
  readonly setAside: readonly string[];
  readonly damages: readonly Damage[];
}

export interface InspectStoreOptions {
  readonly files?: FileSystem;
  /** Verify every page, every commit and every chunk of a checkpoint, not only what opening would read. Default false. */
  readonly full?: boolean;
}

/** How often a look at a live store begins again because it was compacted meanwhile. */
const tries = 5;
/** Pages in memory while the log is read: a page and those that reading ahead may bring. */
const pagesInMemory = 4;

/**
 * Looks at a store without changing anything, whether it is open or at rest.
 * @throws `not_found`, `corrupt` when its metadata is lost and nothing tells what it said, `too_new`
 */
export async function inspectStore(
  folder: string,
  { files = nodeFileSystem, full = false }: InspectStoreOptions = {},
): Promise<StoreInspection> {
  for (let left = tries; ; left--) {
    try {
      const live = isLocked(files, join(folder, "lock"));
      const found = await lookAt(files, folder, full, live);
      const isSame = !live || (await readMeta(files, folder)).meta.begin * 8 === found.begin;
      if (isSame || left === 1) return found;
    } catch (error) {
      if (left === 1 || !isMissing(error instanceof StoreError ? error.cause : error))
        throw StoreError.fromFile(`reading ${folder}`, error);
    }
  }
}

/**
 * One look. `live`: the owner goes on writing; it may be the caller.
 * @param committed address up to which the caller knows the log to be durable
 */
export async function lookAt(
  files: FileSystem,
  folder: string,
  full: boolean,
  live: boolean,
  committed = 0,
): Promise<StoreInspection> {
  const stored = await readStored(files, folder);
  const { meta } = stored;
  const catalog = await readCatalog(files, folder);
  const known = catalog.checkpoints.filter((one) => one.committed >= meta.begin);
  const logFiles = new LogFiles(files, folder, meta.geometry, true);
  const memory = new LogMemory(meta.geometry, pagesInMemory);
  memory.begin = meta.begin;
  const loader = new PageLoader(memory, logFiles);
  const reading: LogReading = { memory, loader, files: logFiles, store: meta.store };
  try {
    const durable = Math.max(committed, meta.committed, ...known.map((one) => one.committed));
    const reached = await followCommits(reading, startOf(stored, known, full), durable, live);
    const copy = known.findLast(({ kind, generation }) => isCopy(kind) && generation > reached.generation);
    const written = Math.max(reached.end, durable, copy?.flushed ?? 0);
    const pages = full ? await checkPages(reading, meta.begin, written) : [];
    const broken = reached.damages.filter((damage) => !isExplained(damage, pages));
    const log = [...pages, ...(full ? broken.map((damage) => narrowed(damage, memory.geometry, written)) : broken)];
    const checkpoints = await checkCheckpoints(files, folder, catalog, reached, log, { begin: meta.begin, full, live });
    const damages = [...stored.damages, ...log, ...unreadable(catalog), ...checkpoints.damages].map(bare);
    const behind = live ? 0 : Math.max(0, (logFiles.end() - Math.max(reached.end, copy?.flushed ?? 0)) * 8);
    return {
      formatVersion: stored.formatVersion,
      live,
      state: damages.length > 0 ? "damaged" : behind > 0 ? "torn" : "clean",
      pageBytes: meta.geometry.pageBytes,
      segmentBytes: meta.geometry.segmentBytes,
      begin: meta.begin * 8,
      end: Math.max(reached.end, copy?.final ?? 0) * 8,
      committed: reached.end * 8,
      durable: Math.max(durable, reached.end) * 8,
      behind,
      generation: copy?.generation ?? reached.generation,
      version: copy?.version ?? reached.version,
      sessions: new Map([...reached.sessions, ...(copy?.sessions ?? [])]),
      segments: logFiles
        .numbers()
        .map((number) => ({ file: segmentName(number), bytes: logFiles.segmentBytes(number) })),
      checkpoints: checkpoints.states,
      unreadable: catalog.damaged.map(({ id }) => id),
      setAside: catalog.setAside,
      damages,
    };
  } finally {
    logFiles.close();
  }
}

async function readStored(files: FileSystem, folder: string): Promise<StoredMeta> {
  try {
    return await readOrRebuildMeta(files, folder);
  } catch (error) {
    if (isMissing(error)) throw new StoreError("not_found", `there is no store in ${folder}`);
    throw error;
  }
}

/** Where recovery begins to read: behind the newest saved index. A full check begins where the log does. */
function startOf({ meta }: StoredMeta, known: readonly Checkpoint[], full: boolean): LogPoint {
  const saved = full ? undefined : known.findLast((one) => one.indexChunks > 0 && one.indexStart >= meta.begin);
  if (saved === undefined) return { ...meta, end: meta.begin };
  const { indexStart, indexGeneration, indexVersion, indexSessions } = saved;
  return { end: indexStart, generation: indexGeneration, version: indexVersion, sessions: indexSessions };
}

/** A commit that can't be followed because of a page that was found to be damaged is no damage of its own. */
function isExplained({ from, to }: LogDamage, pages: readonly LogDamage[]): boolean {
  return pages.some((page) => page.to > from && page.from < to);
}

/** All complete pages are sound, so it is the incomplete one. */
function narrowed(damage: LogDamage, geometry: Geometry, written: number): LogDamage {
  const { pageUnits } = geometry;
  const from = Math.floor(written / pageUnits) * pageUnits;
  const isWithin = from > damage.from && from < damage.to;
  return isWithin ? logDamage(geometry, from, damage.to, damage.problem) : damage;
}

interface CheckedCheckpoints {
  readonly states: readonly CheckpointState[];
  readonly damages: readonly Damage[];
}

async function checkCheckpoints(
  files: FileSystem,
  folder: string,
  { checkpoints }: Catalog,
  reached: Reached,
  log: readonly LogDamage[],
  { begin, full, live }: { readonly begin: number; readonly full: boolean; readonly live: boolean },
): Promise<CheckedCheckpoints> {
  const states: CheckpointState[] = [];
  const damages: Damage[] = [];
  const sound = new Set<string>();
  for (const checkpoint of checkpoints) {
    const { id } = checkpoint;
    const own = full ? await checkCheckpointFiles(files, folder, checkpoint) : [];
    // The owner has removed it meanwhile.
    if (own.length > 0 && live && !hasMeta(files, folder, id)) continue;
    const problem = own.at(0)?.problem ?? missingFor(checkpoint, sound, begin, reached, log);
    if (problem === undefined) sound.add(id);
    states.push({ checkpoint, whole: problem === undefined, problem });
    damages.push(...own);
    const { base } = checkpoint;
    if (base !== undefined && !checkpoints.some((one) => one.id === base))
      damages.push({ file: metaFile(id), offset: 0, problem: `its base ${base} is missing` });
  }
  return { states, damages };
}

/** What makes a checkpoint unfit beside its own files: the log that it needs, and the one that it is based on. */
function missingFor(
  { base, begin: from, committed, flushed, kind }: Checkpoint,
  sound: ReadonlySet<string>,
  begin: number,
  reached: Reached,
  log: readonly LogDamage[],
): string | undefined {
  if (base !== undefined && !sound.has(base)) return `checkpoint ${base}, on which it is based, isn't whole`;
  if (from < begin && kind !== "index") return "the log has been compacted since";
  const needed = Math.max(committed, flushed);
  const first = log.find(({ from }) => from < needed);
  if (first !== undefined) return `it needs ${first.file}, which is damaged at byte ${first.offset}`;
  return committed > reached.end ? `the log isn't whole behind byte ${reached.end * 8}` : undefined;
}

function unreadable({ damaged }: Catalog): Damage[] {
  return damaged.map(({ id, problem }) => ({ file: metaFile(id), offset: 0, problem: problem.message }));
}

function hasMeta(files: FileSystem, folder: string, id: string): boolean {
  try {
    return files.list(checkpointFolder(folder, id)).includes("meta");
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function metaFile(id: string): string {
  return join("checkpoints", id, "meta");
}

function isCopy(kind: Checkpoint["kind"]): boolean {
  return kind === "snapshot" || kind === "delta";
}

function bare({ file, offset, problem }: Damage): Damage {
  return { file, offset, problem };
}
