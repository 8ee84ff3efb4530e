import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { withLock, writeFileAtomic } from "../../system/index.ts";
import { Uses } from "./uses.ts";

const ports = z.array(z.int().min(0).max(65_535));

/** What the processes of one revision were seen to use, as it is kept on disk. */
const recordSchema = z.object({
  /** When it began, and when something was last added: milliseconds since 1970. */
  since: z.number(),
  updated: z.number(),
  /** Calls that could not be looked at. */
  unseen: z.int(),
  uses: z.object({
    read: z.array(z.string()),
    write: z.array(z.string()),
    execute: z.array(z.string()),
    connect: ports,
    listen: ports,
  }),
});
export type UseRecord = z.infer<typeof recordSchema>;

/** So many revisions of a service have their record kept. */
const keptRecords = 4;

/** The record of a revision, in the folder of its service. */
export function recordPath(folder: string, revision: string): string {
  return join(folder, `${revision}.json`);
}

/** Makes room for one more, and its folder. */
export function prepareRecord(folder: string, revision: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const others = recordsIn(folder).filter(({ revision: other }) => other !== revision);
  for (const { path } of others.slice(keptRecords - 1)) {
    for (const file of [path, path.replace(/json$/, "api"), lockOf(path)]) rmSync(file, { force: true });
  }
}

/** The records in the folder of a service, that which changed last first. */
function recordsIn(folder: string): { readonly revision: string; readonly path: string }[] {
  const files = names(folder).filter((name) => name.endsWith(".json"));
  const dated = files.map((name) => {
    const path = join(folder, name);
    return { revision: basename(name, ".json"), path, time: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 };
  });
  return dated.sort((one, other) => other.time - one.time);
}

/** Undefined when there is none, or none that can be understood. */
export function readRecord(path: string): UseRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}

/**
 * Adds to a record, durably. The recorders of all instances of a revision have one, so that they take turns.
 * @throws what the disk refuses; ENOENT when the service is gone, and its folder with it
 */
export function addToRecord(path: string, found: UseRecord): void {
  withLock(lockOf(path), () => {
    const before = readRecord(path);
    const uses = new Uses();
    if (before !== undefined) uses.addAll(before.uses);
    uses.addAll(found.uses);
    const since = Math.min(found.since, before?.since ?? found.since);
    const unseen = found.unseen + (before?.unseen ?? 0);
    writeFileAtomic(path, JSON.stringify({ since, updated: found.updated, unseen, uses: uses.lists() }));
  });
}

function lockOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.lock`);
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
