import { join } from "node:path";
import { type Fields, readDocument, writeDocument } from "../checkpoint/document.ts";
import type { FileSystem } from "../file/index.ts";
import { firstAddress, type Geometry, geometry } from "../hybrid-log/geometry.ts";

/** What is fixed when a store is made, and what must be known before its log is read. In the file `store`. */
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

function metaPath(folder: string): string {
  return join(folder, "store");
}

export function newMeta(geometry: Geometry): StoreMeta {
  const store = Number(crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n) % 2 ** 52;
  const start = { begin: firstAddress, generation: 0, version: 0, committed: firstAddress, buckets: 0 };
  return { store, geometry, sessions: new Map(), ...start };
}

export async function writeMeta(files: FileSystem, folder: string, meta: StoreMeta): Promise<void> {
  const { geometry, sessions, ...plain } = meta;
  const { pageBytes, segmentBytes } = geometry;
  await writeDocument(files, metaPath(folder), {
    ...plain,
    pageBytes,
    segmentBytes,
    sessions: Object.fromEntries(sessions),
  });
}

export async function readMeta(files: FileSystem, folder: string): Promise<StoreMeta> {
  return decode(await readDocument(files, metaPath(folder)));
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
