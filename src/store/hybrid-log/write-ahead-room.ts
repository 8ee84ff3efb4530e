import type { StoreFile } from "../file/index.ts";

/**
 * Zeros to write behind a small write that makes a file longer: a sync of what follows is then a write of data alone, without
 * one of the file system's journal for the new size and blocks, and takes half the time. `undefined` where that doesn't pay.
 * @param end where the write ends in the file · `length` its bytes · `limit` the longest the file may be
 */
export function zerosAhead(end: number, length: number, limit: number): Uint8Array | undefined {
  if (length > smallWriteBytes) return undefined;
  const share = Math.min(mostBytes, Math.max(blockBytes, end >>> shareShift));
  const to = Math.min(limit, Math.ceil((end + share) / blockBytes) * blockBytes);
  return to > end ? zeros.subarray(0, to - end) : undefined;
}

/** Behind the last byte of a file that isn't zero. */
export function endOfContent(file: StoreFile): number {
  for (let end = file.size(); end > 0; ) {
    const start = Math.max(0, end - blockBytes);
    const bytes = new Uint8Array(end - start);
    const count = file.readSync(bytes, start);
    const last = bytes.subarray(0, count).findLastIndex((byte) => byte !== 0);
    if (last >= 0) return start + last + 1;
    end = start;
  }
  return 0;
}

/** Room ahead is not worth an error: the write itself was done. */
export function isOutOfSpace(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

/** Larger ones need new blocks so often that writing them twice costs more. */
const smallWriteBytes = 64 * 1_024;
const blockBytes = 4_096;
/** A file gets an eighth of its size ahead, so that small stores stay small, and at most so much. */
const shareShift = 3;
const mostBytes = 256 * 1_024;
const zeros = new Uint8Array(mostBytes + blockBytes);
