import { join } from "node:path";
import { StoreError } from "../error.ts";
import type { FileLock, FileSystem } from "../file/index.ts";

export const lockName = "log.lock";

/** Whoever looks at a log takes its lock for a moment to learn whether it is held: a few more tries tell them from an owner. */
const lockTries = 5;
const lockWaitMs = 10;

/** @throws `locked` */
export async function lockLog(files: FileSystem, folder: string): Promise<FileLock> {
  for (let tries = 1; tries <= lockTries; tries++) {
    const lock = files.lock(join(folder, lockName));
    if (lock !== undefined) return lock;
    await Bun.sleep(lockWaitMs);
  }
  throw new StoreError("locked", `${folder} is open in another process, or in another place of this one`);
}
