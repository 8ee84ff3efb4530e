import type { FileSystem, StoreFile } from "../file/index.ts";
import { segmentHeaderBytes } from "./segment-format.ts";
import type { SegmentFile } from "./segments.ts";

const stepBytes = 2 ** 20;

/**
 * Makes what was recovered durable: the segment's header, and everything between the point that is known to be and the tail,
 * is written again and synced. A sync alone would not do: after one that failed, the operating system takes the pages for written, goes on
 * showing them, and writes them no more.
 */
export async function rewriteUnsynced(
  files: FileSystem,
  segment: SegmentFile,
  from: number,
  tail: number,
): Promise<void> {
  const file = files.open(segment.path, "write");
  try {
    await rewrite(file, 0, segmentHeaderBytes);
    for (let at = from; at < tail; at += stepBytes) {
      await rewrite(file, segmentHeaderBytes + at - segment.base, Math.min(stepBytes, tail - at));
    }
    await file.sync();
  } finally {
    file.close();
  }
}

async function rewrite(file: StoreFile, position: number, length: number): Promise<void> {
  const bytes = new Uint8Array(length);
  await file.read(bytes, position);
  await file.write(bytes, position);
}
