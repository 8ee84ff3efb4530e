import { ftruncateSync, readSync } from "node:fs";
import { newline } from "./record.ts";

/**
 * Cuts a torn last record, left by a power loss or a full disk, off a segment: everything after its last newline. Returns
 * the size that remains.
 */
export function repairTail(fd: number, size: number): number {
  const block = Buffer.allocUnsafe(Math.min(size, blockBytes));
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - block.length);
    const count = readSync(fd, block, 0, end - start, start);
    const found = block.subarray(0, count).lastIndexOf(newline);
    const kept = found < 0 ? start : start + found + 1;
    if (found >= 0 || start === 0) {
      if (kept < size) ftruncateSync(fd, kept);
      return kept;
    }
    end = start;
  }
  return 0;
}

const blockBytes = 65_536;
