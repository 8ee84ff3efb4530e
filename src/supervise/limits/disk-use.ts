import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Entries after which a folder is taken for as large as it was found to be: a look must end. */
const mostEntries = 100_000;

/** Bytes on the disk of everything beneath some folders, links not followed. What vanishes meanwhile counts for nothing. */
export async function diskUse(folders: readonly string[]): Promise<number> {
  let bytes = 0;
  let entries = 0;
  const pending = [...folders];
  for (let folder = pending.pop(); folder !== undefined && entries < mostEntries; folder = pending.pop()) {
    const found = await listed(folder);
    entries += found.length;
    for (const entry of found) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) pending.push(path);
      else bytes += await sizeOf(path);
    }
  }
  return bytes;
}

async function listed(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Blocks of 512 bytes, whatever the file system's own are (stat(2)): a file with holes takes less than its length. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await lstat(path)).blocks * 512;
  } catch {
    return 0;
  }
}
