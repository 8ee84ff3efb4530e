import { join } from "node:path";
import { StoreError } from "../error.ts";
import type { FileLock, FileSystem } from "../file/index.ts";
import { DurableLog } from "./durable-log.ts";
import { type LogOptions, logSettings } from "./options.ts";
import { recoverLog } from "./recover.ts";

export const lockName = "log.lock";

/** Whoever looks at a log takes its lock for a moment to learn whether it is held: one more try tells them from an owner. */
const lockTries = 5;
const lockWaitMs = 10;

/**
 * Opens the log in a folder, which belongs to it alone, and recovers it: `recovery` tells what was found.
 * @throws `locked`, `not_found`, `too_new`, `corrupt` (see {@link LogOptions.repair}), `full`, `io_error`
 */
export async function openLog(path: string, options: LogOptions = {}): Promise<DurableLog> {
  const settings = logSettings(options);
  const { files } = settings;
  let lock: FileLock | undefined;
  try {
    if (settings.create) files.makeFolder(path);
    lock = await takeLock(files, join(path, lockName));
    if (lock === undefined) throw new StoreError("locked", `${path} is open already`);
    return new DurableLog(path, settings, lock, await recoverLog(path, settings));
  } catch (error) {
    lock?.release();
    throw StoreError.fromFile(`opening ${path}`, error);
  }
}

async function takeLock(files: FileSystem, path: string): Promise<FileLock | undefined> {
  for (let tries = 1; ; tries++) {
    const lock = files.lock(path);
    if (lock !== undefined || tries === lockTries) return lock;
    await Bun.sleep(lockWaitMs);
  }
}
