import { join } from "node:path";
import type { Damage } from "../check/damage.ts";
import { type Fields, formatVersion, readDocument, writeDocument } from "../checkpoint/document.ts";
import { StoreError } from "../error.ts";
import type { FileSystem } from "../file/index.ts";
import { firstAddress, type Geometry, geometry } from "../hybrid-log/geometry.ts";
import { isMissing, segmentPattern } from "../hybrid-log/log-files.ts";
import { rebuildMeta } from "./rebuild-meta.ts";

/** What is fixed when a store is made, and what must be known before its log is read. In the file `store`, and once more. */
export interface StoreMeta {
  /** Random number of the store. */
  readonly store: number;
  readonly geometry: Geometry;
  /** Where the log begins: behind a commit, of which these are generation, version and all sessions' serials. */
  readonly begin: number;
  readonly generation: number;
  readonly version: number;
  readonly sessions: ReadonlyMap<string, number>;
  /** The log was durable up to here when this was written: if it isn't any more, it is damaged. */
  readonly committed: number;
  readonly buckets: number;
}

const fileName = "store";
const copyName = "store.copy";

/** @param random 32 random bits at a time */
export function newMeta(geometry: Geometry, random: () => number): StoreMeta {
  const store = (random() % 2 ** 20) * 2 ** 32 + random();
  const start = { begin: firstAddress, generation: 0, version: 0, committed: firstAddress, buckets: 0 };
  return { store, geometry, sessions: new Map(), ...start };
}

export async function writeMeta(files: FileSystem, folder: string, meta: StoreMeta): Promise<void> {
  const { geometry, sessions, ...plain } = meta;
  const { pageBytes, segmentBytes } = geometry;
  const content = { ...plain, pageBytes, segmentBytes, sessions: Object.fromEntries(sessions) };
  await writeDocument(files, join(folder, fileName), content, join(folder, copyName));
}

/** The metadata of a store as it was found. */
export interface StoredMeta {
  readonly meta: StoreMeta;
  readonly formatVersion: number;
  /** What is wrong with one of the two files; the other one counts then. */
  readonly damages: readonly Damage[];
  /** Whether both files say the same. A crash while they were written leaves two versions, of which either is right. */
  readonly isSame: boolean;
}

/**
 * The same, or what log and checkpoints tell of it when both files are damaged, or missing beside a log.
 * @throws `ENOENT` when there is no store, `corrupt` when nothing tells
 */
export async function readOrRebuildMeta(files: FileSystem, folder: string): Promise<StoredMeta> {
  try {
    return await readMeta(files, folder);
  } catch (error) {
    if (isMissing(error) ? !holdsLog(files, folder) : !isCorrupt(error)) throw error;
    const meta = await rebuildMeta(files, folder);
    if (meta === undefined) {
      const problem = "neither its log nor a checkpoint tells what the store's lost metadata said: only a backup helps";
      throw new StoreError("corrupt", problem, error);
    }
    const problem = "it isn't whole, nor is the other file with the same metadata";
    const damages = [fileName, copyName].map((file) => ({ file, offset: 0, problem }));
    return { meta, formatVersion, damages, isSame: false };
  }
}

/** Whether a folder holds segments of a log. */
export function holdsLog(files: FileSystem, folder: string): boolean {
  return files.list(folder).some((name) => segmentPattern.test(name));
}

/** Throws `ENOENT` when there is no store, `corrupt` when neither file is whole. */
export async function readMeta(files: FileSystem, folder: string): Promise<StoredMeta> {
  const first = await tryRead(files, folder, fileName);
  const second = await tryRead(files, folder, copyName);
  if ("meta" in first) {
    const isSame = "meta" in second && JSON.stringify(second.fields) === JSON.stringify(first.fields);
    // A crash may have come before the copy was ever made.
    const damages = "meta" in second || isMissing(second.error) ? [] : [damageOf(copyName, second.error)];
    return { meta: first.meta, formatVersion, damages, isSame };
  }
  if (!("meta" in second)) throw isMissing(second.error) ? first.error : second.error;
  return { meta: second.meta, formatVersion, damages: [damageOf(fileName, first.error)], isSame: false };
}

type Read = { readonly meta: StoreMeta; readonly fields: object } | { readonly error: unknown };

async function tryRead(files: FileSystem, folder: string, name: string): Promise<Read> {
  try {
    const fields = await readDocument(files, join(folder, name));
    return { meta: decode(fields), fields: fields.content };
  } catch (error) {
    if (isMissing(error) || isCorrupt(error)) return { error };
    throw error;
  }
}

function isCorrupt(error: unknown): boolean {
  return error instanceof StoreError && error.code === "corrupt";
}

function damageOf(file: string, error: unknown): Damage {
  const problem = error instanceof StoreError ? error.message : "the file is missing";
  return { file, offset: 0, problem };
}

function decode(fields: Fields): StoreMeta {
  return {
    store: fields.number("store"),
    geometry: geometry(fields.number("pageBytes"), fields.number("segmentBytes")),
    begin: fields.number("begin"),
    generation: fields.number("generation"),
    version: fields.number("version"),
    sessions: fields.numbers("sessions"),
    committed: fields.number("committed"),
    buckets: fields.number("buckets"),
  };
}
