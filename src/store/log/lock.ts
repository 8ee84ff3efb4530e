import { join } from "node:path";
import { StoreError } from "../error.ts";
import type { FileLock, FileSystem } from "../file/index.ts";
import { lockPatiently } from "../file/patient-lock.ts";

export const lockName = "log.lock";

/** @throws `locked` */
export async function lockLog(files: FileSystem, folder: string): Promise<FileLock> {
  const lock = await lockPatiently(files, join(folder, lockName));
  if (lock === undefined)
    throw new StoreError("locked", `${folder} is open in another process, or in another place of this one`);
  return lock;
}
