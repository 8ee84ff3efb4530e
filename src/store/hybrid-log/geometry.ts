import { StoreError } from "../error.ts";
import { unitBytes } from "./layout.ts";

/**
 * The sizes that a log was made with. A page is a number of blocks; the last block of every page holds the checksums of the
 * others ({@link sealPage}), so records lie in the blocks before it.
 */
export interface Geometry {
  readonly pageBytes: number;
  readonly blockBytes: number;
  readonly segmentBytes: number;
  /** The same in units of 8 bytes. */
  readonly pageUnits: number;
  /** Units of a page that records may use. */
  readonly dataUnits: number;
}

/** The first address of a log: 0 means "none", and the first 64 bytes are left free. */
export const firstAddress = 8;

/** Smaller ones are of use to tests only. */
export const minPageBytes = 1_024;
/** A read of one page must fit into one buffer and one system call with ease. */
export const maxPageBytes = 64 * 2 ** 20;
/** The unit in which cold records are read and verified: one page of the operating system's cache. */
const usualBlockBytes = 4_096;
/** Below this many blocks the checksums' own block would waste too much of the page. */
const minBlocks = 16;

export function geometry(pageBytes: number, segmentBytes: number): Geometry {
  if (!isPowerOfTwo(pageBytes) || pageBytes < minPageBytes || pageBytes > maxPageBytes) {
    throw new StoreError("invalid_argument", `page size ${pageBytes} isn't a power of two from 1 KiB to 64 MiB`);
  }
  if (!isPowerOfTwo(segmentBytes) || segmentBytes < pageBytes) {
    throw new StoreError("invalid_argument", `segment size ${segmentBytes} isn't a power of two of at least one page`);
  }
  const blockBytes = Math.min(Math.max(usualBlockBytes, pageBytes / (usualBlockBytes / 4)), pageBytes / minBlocks);
  return {
    pageBytes,
    blockBytes,
    segmentBytes,
    pageUnits: pageBytes / unitBytes,
    dataUnits: (pageBytes - blockBytes) / unitBytes,
  };
}

export function isPowerOfTwo(number: number): boolean {
  return Number.isSafeInteger(number) && number > 0 && 2 ** Math.round(Math.log2(number)) === number;
}
