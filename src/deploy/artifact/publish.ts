import { createHash, randomUUID } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Published } from "./artifact.ts";

/** Where artifacts are put together. On the same file system as the finished ones, so that a rename completes them. */
export const unfinishedPrefix = ".unfinished-";

/** Makes a folder in which an artifact can be put together. */
export function unfinishedFolder(folder: string): string {
  const path = join(folder, `${unfinishedPrefix}${randomUUID()}`);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}

export interface ArtifactFile {
  /** A plain name, without folders. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Whether it counts for the digest. A source map does not: it differs with the place of the same sources. */
  readonly digested: boolean;
}

/**
 * Puts files into `folder/<digest>`, all or nothing: written elsewhere, synced, and renamed. When the content is there
 * already, or another process brings it at the same moment, nothing is written.
 *
 * @param label distinguishes kinds of artifact with equal bytes
 * @param made an `unfinishedFolder` of that folder, which becomes the artifact's, or goes
 */
export async function publish(
  folder: string,
  label: string,
  files: readonly ArtifactFile[],
  made?: string,
): Promise<Published> {
  const digest = digestOf(label, files);
  const directory = join(folder, digest);
  if (existsSync(directory)) {
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
    return { digest, directory, cached: true };
  }
  const unfinished = made ?? unfinishedFolder(folder);
  try {
    // With all entries there from the beginning, folder and files wait for the disk together.
    for (const { name } of files) closeSync(openSync(join(unfinished, name), "wx", 0o600));
    const written = files.map(({ name, bytes }) => writeSynced(join(unfinished, name), bytes));
    await Promise.all([...written, syncFolder(unfinished)]);
    renameSync(unfinished, directory);
    await syncFolder(folder);
    return { digest, directory, cached: false };
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // rename(2) does not replace a folder with content: someone else was first with the same.
    if (existsSync(directory)) return { digest, directory, cached: true };
    throw error;
  }
}

function digestOf(label: string, files: readonly ArtifactFile[]): string {
  const hash = createHash("sha256").update(`solo ${label} 1\n`);
  const digested = files.filter((file) => file.digested).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, bytes } of digested) hash.update(`${JSON.stringify(name)} ${bytes.byteLength}\n`).update(bytes);
  return hash.digest("hex");
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
