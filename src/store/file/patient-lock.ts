import { basename, dirname } from "node:path";
import type { FileLock, FileSystem } from "./file-system.ts";

/** Whoever looks at files takes their lock for a moment to learn whether it is held: a few more tries tell them from an owner. */
const lockTries = 5;
const lockWaitMs = 10;

/** Takes a lock, or `undefined` when somebody keeps it. */
export async function lockPatiently(files: FileSystem, path: string): Promise<FileLock | undefined> {
  for (let tries = 1; ; tries++) {
    const lock = files.lock(path);
    if (lock !== undefined || tries === lockTries) return lock;
    await Bun.sleep(lockWaitMs);
  }
}

/** Whether somebody holds a lock. Takes it for a moment; whoever wants it meanwhile tries again. */
export function isLocked(files: FileSystem, path: string): boolean {
  if (!files.list(dirname(path)).includes(basename(path))) return false;
  const lock = files.lock(path);
  lock?.release();
  return lock === undefined;
}
