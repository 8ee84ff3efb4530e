import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, renameSync } from "node:fs";
import { lstat, open, readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { ServiceRef } from "../../api/index.ts";
import { checkpointFolder } from "../../state/index.ts";
import type { Kernel } from "../kernel.ts";

/** Where the files of a service lie. */
export interface ServiceFolders {
  /** Its checkpoints are in it. */
  readonly state: string;
  readonly files: string;
  readonly logs: string;
  readonly crashes: string;
  /** What it was seen to use. Too little to be counted. */
  readonly uses: string;
  /** Second copies of its checkpoints; undefined when none are kept. */
  readonly backups: string | undefined;
}

/** What a folder is called from its removal on: no name of a service, so that nobody takes it for one's. */
const removedPrefix = ".removed-";

export function foldersOf({ paths, parts }: Kernel, ref: ServiceRef): ServiceFolders {
  const own = join(ref.tenant, ref.name);
  return {
    state: parts.states.folderOf(ref),
    files: join(paths.files, own),
    logs: join(paths.logs, own),
    crashes: parts.crashes.folderOf(ref),
    uses: parts.recorders.folderOf(ref),
    backups: parts.checkpoints.backupFolderOf(ref),
  };
}

/** What the folders take on their disks. */
export async function measure({ state, files, logs, crashes, backups }: ServiceFolders) {
  const checkpoints = await bytesIn(checkpointFolder(state));
  const [all, copies, ...others] = await Promise.all([
    bytesIn(state),
    backups === undefined ? 0 : bytesIn(backups),
    bytesIn(files),
    bytesIn(logs),
    bytesIn(crashes),
  ]);
  const [file_bytes, log_bytes, crash_bytes] = others;
  return {
    state_bytes: Math.max(0, all - checkpoints),
    checkpoint_bytes: checkpoints + copies,
    file_bytes,
    log_bytes,
    crash_bytes,
  };
}

/**
 * Takes a service's folders out of everybody's sight, durably. What is left is to free their bytes.
 * @returns what they are called now
 */
export async function setAside(folders: ServiceFolders): Promise<string[]> {
  const present = Object.values(folders).filter((path): path is string => path !== undefined && existsSync(path));
  const aside = present.map((path) => {
    const target = join(dirname(path), `${removedPrefix}${basename(path)}-${randomUUID()}`);
    renameSync(path, target);
    return target;
  });
  await Promise.all([...new Set(present.map((path) => dirname(path)))].map(syncFolder));
  return aside;
}

export async function free(aside: readonly string[]): Promise<void> {
  for (const path of aside) await rm(path, { recursive: true, force: true });
}

/** What former kernels set aside beside these folders and did not come to free. */
export function leftBeside({ state, files, logs, crashes, uses, backups }: ServiceFolders): string[] {
  const parents = [state, files, logs, crashes, uses, backups].flatMap((path) =>
    path === undefined ? [] : dirname(path),
  );
  return parents.filter(existsSync).flatMap((parent) =>
    readdirSync(parent)
      .filter((name) => name.startsWith(removedPrefix))
      .map((name) => join(parent, name)),
  );
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let total = 0;
  for (const entry of entries) {
    // One that is gone by now takes nothing.
    const stats = await lstat(join(entry.parentPath, entry.name)).catch(() => undefined);
    total += (stats?.blocks ?? 0) * blockBytes;
  }
  return total;
}

/** The unit of `st_blocks`, whatever the file system's own is (stat(2)). */
const blockBytes = 512;

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
