import { closeSync, mkdirSync, openSync, promises, readdirSync, renameSync, statfsSync } from "node:fs";
import { fsync } from "./descriptor.ts";
import type { FileSystem } from "./file-system.ts";
import { lockFile } from "./lock-file.ts";
import { openNodeFile } from "./node-file.ts";

/** The machine's own file systems. Everything it makes is readable by its owner only. */
export const nodeFileSystem: FileSystem = {
  open: openNodeFile,
  rename: renameSync,
  remove: (path) => promises.rm(path, { force: true }),
  removeFolder: (folder) => promises.rm(folder, { force: true, recursive: true }),
  list: (folder) => readdirSync(folder).toSorted(),
  makeFolder: (folder) => void mkdirSync(folder, { recursive: true, mode: 0o700 }),
  async syncFolder(folder) {
    const descriptor = openSync(folder, "r");
    try {
      await fsync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  },
  freeBytes(folder) {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  },
  lock: lockFile,
};
