import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { open, readFile, writeFile } from "node:fs/promises";
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
 * Puts files into `folder/<digest>`, durably: written elsewhere, renamed, and what counts for the digest synced all together,
 * which costs the wait for the disk once. When the content is there already, or another process brings it at the same moment, nothing is written. Until it
 * resolves a loss of power may leave a folder of that name without its content: nothing may refer to it yet, and the next
 * one who brings the content replaces it.
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
  const place = { folder, directory, files };
  if (existsSync(directory)) {
    if (await isWhole(directory, files)) {
      if (made !== undefined) rmSync(made, { recursive: true, force: true });
      return await synced(place, { digest, directory, cached: true });
    }
    setAside(folder, directory);
  }
  const unfinished = made ?? unfinishedFolder(folder);
  try {
    const options = { flag: "wx", mode: 0o600 };
    await Promise.all(files.map(({ name, bytes }) => writeFile(join(unfinished, name), bytes, options)));
    renameSync(unfinished, directory);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // rename(2) does not replace a folder with content: someone else was first with the same.
    if (existsSync(directory)) return await synced(place, { digest, directory, cached: true });
    throw error;
  }
  return await synced(place, { digest, directory, cached: false });
}

function digestOf(label: string, files: readonly ArtifactFile[]): string {
  const hash = createHash("sha256").update(`solo ${label} 1\n`);
  const digested = files.filter((file) => file.digested).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, bytes } of digested) hash.update(`${JSON.stringify(name)} ${bytes.byteLength}\n`).update(bytes);
  return hash.digest("hex");
}

interface Place {
  readonly folder: string;
  readonly directory: string;
  readonly files: readonly ArtifactFile[];
}

/**
 * Also of what was there: whoever brought it may have died before its sync. Source maps are left to the system, which writes them
 * within half a minute: each file more is a wait for the disk more. Without one a trace shows the bundle, and an empty one is
 * replaced by whoever brings the same content.
 */
async function synced({ folder, directory, files }: Place, published: Published): Promise<Published> {
  const needed = files.filter(({ digested }) => digested);
  const paths = [...needed.map(({ name }) => join(directory, name)), directory, folder];
  await Promise.all(paths.map(sync));
  return published;
}

async function isWhole(directory: string, files: readonly ArtifactFile[]): Promise<boolean> {
  const checks = files.map(async ({ name, bytes, digested }) => {
    const found = await readFile(join(directory, name));
    return digested ? found.equals(bytes) : found.byteLength > 0;
  });
  return (await Promise.all(checks.map((check) => check.catch(() => false)))).every(Boolean);
}

/** A loss of power has left less of it than its name says. */
function setAside(folder: string, directory: string): void {
  const aside = unfinishedFolder(folder);
  renameSync(directory, aside);
  rmSync(aside, { recursive: true, force: true });
}

/** fsync(2) of a file, or of a folder's entries. */
async function sync(path: string): Promise<void> {
  const opened = await open(path, "r");
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}
