import { copyFile } from "node:fs/promises";
import { dirname } from "node:path";
import { bulkWrite, nodeFileSystem } from "../../store/file/index.ts";
import type { FileSystem } from "../../store/index.ts";
import { encodeHeader } from "./header.ts";
import type { CheckpointInfo } from "./info.ts";
import { unfinished } from "./write-file.ts";

/**
 * Copies a checkpoint's file, under a header of its own if one is given: the body is shared with the original where the file
 * system can (copy_file_range(2) makes a reflink on Btrfs and XFS). Until the rename nothing of it counts; a file that is
 * there already is replaced.
 */
export function copyCheckpoint(files: FileSystem, from: string, to: string, info?: CheckpointInfo): Promise<void> {
  return bulkWrite(() => copy(files, from, to, info));
}

async function copy(files: FileSystem, from: string, to: string, info: CheckpointInfo | undefined): Promise<void> {
  const draft = to + unfinished;
  await files.remove(draft);
  try {
    await (files === nodeFileSystem ? copyFile(from, draft) : copyBytes(files, from, draft));
    const file = files.open(draft, "write");
    try {
      if (info !== undefined) await file.write(encodeHeader(info), 0);
      await file.sync();
    } finally {
      file.close();
    }
    files.rename(draft, to);
    await files.syncFolder(dirname(to));
  } catch (error) {
    // Whatever removing it says: it doesn't count.
    await files.remove(draft).catch(() => undefined);
    throw error;
  }
}

/** Makes a folder so that its name, and those of the two above it, survive a loss of power. */
export async function makeFolder(files: FileSystem, folder: string): Promise<void> {
  files.makeFolder(folder);
  for (const parent of [dirname(folder), dirname(dirname(folder)), dirname(dirname(dirname(folder)))]) {
    await files.syncFolder(parent);
  }
}

async function copyBytes(files: FileSystem, from: string, to: string): Promise<void> {
  const source = files.open(from, "read");
  const target = files.open(to, "create");
  try {
    const chunk = Buffer.allocUnsafeSlow(2 ** 20);
    for (let at = 0; ; ) {
      const count = await source.read(chunk, at);
      if (count === 0) return;
      await target.write(chunk.subarray(0, count), at);
      at += count;
    }
  } finally {
    source.close();
    target.close();
  }
}
