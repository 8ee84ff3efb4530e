import type { FileLock, FileSystem, OpenMode, StoreFile } from "../file/index.ts";
import { isMissing } from "../hybrid-log/log-files.ts";

/**
 * A file system that may only be looked at: what is written to it goes nowhere. A store opened on it recovers in memory
 * what it would recover on disk, and changes nothing.
 */
export function viewOf(files: FileSystem): FileSystem {
  return {
    open: (path, mode) => openView(files, path, mode),
    rename() {},
    async remove() {},
    async removeFolder() {},
    list: (folder) => files.list(folder),
    makeFolder() {},
    async syncFolder() {},
    freeBytes: (folder) => files.freeBytes(folder),
    lock: (): FileLock => ({ release() {} }),
  };
}

function openView(files: FileSystem, path: string, mode: OpenMode): StoreFile {
  if (mode === "create") return viewFile(path, undefined);
  try {
    return viewFile(path, files.open(path, "read"));
  } catch (error) {
    if (mode !== "ensure" || !isMissing(error)) throw error;
    return viewFile(path, undefined);
  }
}

/** @param file `undefined`: empty, and stays so */
function viewFile(path: string, file: StoreFile | undefined): StoreFile {
  return {
    path,
    readSync: (into, position) => file?.readSync(into, position) ?? 0,
    read: async (into, position) => (await file?.read(into, position)) ?? 0,
    readCached: (into, position) => file?.readCached(into, position) ?? 0,
    writeSync() {},
    async write() {},
    async writeParts() {},
    syncSync() {},
    async sync() {},
    size: () => file?.size() ?? 0,
    punch: () => false,
    truncate() {},
    close: () => file?.close(),
  };
}
