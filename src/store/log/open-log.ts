import { StoreError } from "../error.ts";
import type { FileLock } from "../file/index.ts";
import { DurableLog } from "./durable-log.ts";
import { lockLog } from "./lock.ts";
import { type LogOptions, logSettings } from "./options.ts";
import { recoverLog } from "./recover.ts";

/**
 * Opens the log in a folder, which belongs to it alone, and recovers it: `recovery` tells what was found.
 * @throws `locked`, `not_found`, `too_new`, `corrupt` (see {@link LogOptions.repair}), `full`, `io_error`
 */
export async function openLog(path: string, options: LogOptions = {}): Promise<DurableLog> {
  const settings = logSettings(options);
  let lock: FileLock | undefined;
  try {
    if (settings.create) settings.files.makeFolder(path);
    lock = await lockLog(settings.files, path);
    return new DurableLog(path, settings, lock, await recoverLog(path, settings));
  } catch (error) {
    lock?.release();
    throw StoreError.fromFile(`opening ${path}`, error);
  }
}
