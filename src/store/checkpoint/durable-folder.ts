import { dirname, resolve } from "node:path";
import type { FileSystem } from "../file/index.ts";

/**
 * Makes a folder and those above it that are missing, so that all their names survive a loss of power, those included that
 * an earlier try made before it died. An ancestor that this user may not open existed before.
 */
export async function makeDurableFolder(files: FileSystem, folder: string): Promise<void> {
  files.makeFolder(folder);
  for (let parent = dirname(resolve(folder)); ; parent = dirname(parent)) {
    try {
      await files.syncFolder(parent);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EACCES" || code === "EPERM") return;
      throw error;
    }
    if (parent === dirname(parent)) return;
  }
}
