import { dirname, resolve } from "node:path";
import type { FileSystem } from "../file/index.ts";

/**
 * Makes a folder, with those above it that are missing, and makes their names durable: also those that an earlier try made
 * before it died. Ancestors that this user may not open were not made here.
 */
export async function makeDurableFolder(files: FileSystem, folder: string): Promise<void> {
  files.makeFolder(folder);
  for (let child = resolve(folder); child !== dirname(child); child = dirname(child)) {
    try {
      await files.syncFolder(dirname(child));
    } catch (error) {
      if (isRefused(error)) return;
      throw error;
    }
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EACCES" || error.code === "EPERM");
}
