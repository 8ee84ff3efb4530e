import { join } from "node:path";
import type { FileSystem } from "../../store/file/index.ts";

/** A file of records, named by the sequence of its first one. */
export interface Segment {
  readonly first: number;
  readonly path: string;
}

const segmentName = /^(\d{16})\.jsonl$/;

export function segmentAt(folder: string, first: number): Segment {
  return { first, path: join(folder, `${String(first).padStart(16, "0")}.jsonl`) };
}

/** The segments of a trail, oldest first; none when there is no folder. */
export function listSegments(files: FileSystem, folder: string): Segment[] {
  try {
    return files.list(folder).flatMap((name) => {
      const match = segmentName.exec(name);
      return match === null ? [] : [{ first: Number(match[1]), path: join(folder, name) }];
    });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
