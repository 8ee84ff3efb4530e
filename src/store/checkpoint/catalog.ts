import { join } from "node:path";
import { StoreError } from "../error.ts";
import type { FileSystem } from "../file/index.ts";
import { isMissing } from "../hybrid-log/log-files.ts";
import { type Fields, readDocument, writeDocument } from "./document.ts";

/**
 * - `fold-over`: the log itself, up to a commit
 * - `snapshot`: a copy of the part of the log that may still change
 * - `delta`: what of it has changed since the checkpoint that it is based on
 * - `index`: only the index
 */
export type CheckpointKind = "fold-over" | "snapshot" | "delta" | "index";

/** What is known of a checkpoint. Addresses count units of 8 bytes. */
export interface Checkpoint {
  readonly id: string;
  readonly kind: CheckpointKind;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** The store's version that it completes; later writes have a higher one. */
  readonly version: number;
  readonly generation: number;
  readonly buckets: number;
  readonly begin: number;
  /** The log is vouched for by commits up to here, and whole in its files up to `flushed`. */
  readonly committed: number;
  readonly flushed: number;
  /** The log's end in this checkpoint. */
  readonly final: number;
  readonly sessions: ReadonlyMap<string, number>;
  /** Chunks of the file `log`, 0 when there is none. */
  readonly logChunks: number;
  readonly base: string | undefined;
  /** Chunks of the file `index`, 0 when there is none, and the state of the log that it goes with. */
  readonly indexChunks: number;
  readonly indexStart: number;
  readonly indexGeneration: number;
  readonly indexVersion: number;
  readonly indexSessions: ReadonlyMap<string, number>;
  readonly bytes: number;
}

export function checkpointFolder(folder: string, id?: string): string {
  return id === undefined ? join(folder, "checkpoints") : join(folder, "checkpoints", id);
}

export async function writeCheckpoint(files: FileSystem, folder: string, checkpoint: Checkpoint): Promise<void> {
  const { sessions, indexSessions, ...plain } = checkpoint;
  await writeDocument(files, join(checkpointFolder(folder, checkpoint.id), "meta"), {
    ...plain,
    sessions: Object.fromEntries(sessions),
    indexSessions: Object.fromEntries(indexSessions),
  });
}

export interface Catalog {
  /** Ascending by generation. */
  readonly checkpoints: Checkpoint[];
  /** Damaged ones, with what is wrong. */
  readonly damaged: { readonly id: string; readonly problem: StoreError }[];
  /** Begun and never finished. */
  readonly unfinished: string[];
  /** Damaged ones that `repair` has set aside: kept for whoever wants to look into them, and used by nobody. */
  readonly setAside: string[];
}

export async function readCatalog(files: FileSystem, folder: string): Promise<Catalog> {
  const catalog: Catalog = { checkpoints: [], damaged: [], unfinished: [], setAside: [] };
  for (const id of listIds(files, folder)) {
    try {
      const fields = await readDocument(files, join(checkpointFolder(folder, id), "meta"));
      catalog.checkpoints.push(decode(fields));
    } catch (error) {
      if (isMissing(error)) (isSetAside(files, folder, id) ? catalog.setAside : catalog.unfinished).push(id);
      else if (error instanceof StoreError && error.code === "corrupt") catalog.damaged.push({ id, problem: error });
      else throw error;
    }
  }
  catalog.checkpoints.sort((a, b) => a.generation - b.generation || (a.id < b.id ? -1 : 1));
  return catalog;
}

const setAsideName = "meta.damaged";

function isSetAside(files: FileSystem, folder: string, id: string): boolean {
  return files.list(checkpointFolder(folder, id)).includes(setAsideName);
}

/** Keeps a checkpoint's files under the name that says that nobody may use them. Durable when it returns. */
export async function setAside(files: FileSystem, folder: string, id: string): Promise<void> {
  const path = checkpointFolder(folder, id);
  files.rename(join(path, "meta"), join(path, setAsideName));
  await files.syncFolder(path);
}

/** First its metadata, so that what is left of it after a crash counts as unfinished. */
export async function removeCheckpoint(files: FileSystem, folder: string, id: string): Promise<void> {
  const path = checkpointFolder(folder, id);
  if (!listIds(files, folder).includes(id)) return;
  await files.remove(join(path, "meta"));
  await files.syncFolder(path);
  await files.removeFolder(path);
}

export function listIds(files: FileSystem, folder: string): string[] {
  try {
    return files.list(checkpointFolder(folder)).filter((name) => idPattern.test(name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

const idPattern = /^\d{8,}-[0-9a-f]{8}$/;

/** The random part of an identifier, which stands in every chunk of the checkpoint's files. */
export function tokenOf(id: string): number {
  return Number.parseInt(id.slice(-8), 16);
}

function decode(fields: Fields): Checkpoint {
  return {
    id: fields.text("id"),
    kind: kindOf(fields.text("kind")),
    created: fields.number("created"),
    version: fields.number("version"),
    generation: fields.number("generation"),
    buckets: fields.number("buckets"),
    begin: fields.number("begin"),
    committed: fields.number("committed"),
    flushed: fields.number("flushed"),
    final: fields.number("final"),
    sessions: fields.numbers("sessions"),
    logChunks: fields.number("logChunks"),
    base: fields.optionalText("base"),
    indexChunks: fields.number("indexChunks"),
    indexStart: fields.number("indexStart"),
    indexGeneration: fields.number("indexGeneration"),
    indexVersion: fields.number("indexVersion"),
    indexSessions: fields.numbers("indexSessions"),
    bytes: fields.number("bytes"),
  };
}

const kinds: readonly CheckpointKind[] = ["fold-over", "snapshot", "delta", "index"];

function kindOf(text: string): CheckpointKind {
  const kind = kinds.find((known) => known === text);
  if (kind === undefined) throw new StoreError("corrupt", `a checkpoint can't be of kind ${JSON.stringify(text)}`);
  return kind;
}
