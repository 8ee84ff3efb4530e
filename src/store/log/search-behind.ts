import type { FileSystem } from "../file/index.ts";
import {
  type Block,
  checkEntry,
  durableAt,
  entryHeaderBytes,
  lengthAt,
  makeBlock,
  sequenceAt,
} from "./entry-format.ts";
import type { Point } from "./metadata-format.ts";
import { endOf } from "./scan-forward.ts";
import { segmentHeaderBytes } from "./segment-format.ts";
import type { SegmentFile } from "./segments.ts";

/** What lies behind the place where the good entries end. */
export interface Behind {
  /** Whether there is anything but zeros. */
  readonly bytes: number;
  /** Whole entries with later sequences. */
  readonly entries: number;
  /** The furthest durable end that anything behind tells of; beyond the place itself it proves that what is missing was once durable. */
  readonly durable: number;
}

/** Bytes that are searched at once; entries are looked at whole even when they reach beyond. */
const stepBytes = 4 * 2 ** 20;

/**
 * Searches for whole entries behind the end of the good ones, at every place where one could begin.
 *
 * Whole entries alone prove no damage: a loss of power may keep the later sectors of the last write and lose the earlier
 * ones. But each entry tells up to where the log was durable when it was appended, and a segment is begun only when all
 * before it is durable. So what is missing before such a point was once durable, and has been damaged since.
 */
export async function searchBehind(
  files: FileSystem,
  segments: readonly SegmentFile[],
  end: Point,
  identity: number,
): Promise<Behind> {
  let found: Behind = { bytes: 0, entries: 0, durable: 0 };
  for (const segment of segments) {
    const from = Math.max(segment.base, end.address);
    if (segment.header !== undefined && segment.base > end.address) found = merge(found, { durable: segment.base });
    if (endOf(segment) > from) found = merge(found, await searchSegment(files, segment, from, end.sequence, identity));
  }
  return found;
}

async function searchSegment(
  files: FileSystem,
  segment: SegmentFile,
  from: number,
  sequence: number,
  identity: number,
): Promise<Behind> {
  const file = files.open(segment.path, "read");
  const limit = endOf(segment);
  let found: Behind = { bytes: 0, entries: 0, durable: 0 };
  try {
    for (let at = from; at < limit; ) {
      const block = makeBlock(Math.ceil(Math.min(stepBytes, limit - at) / 4) * 4);
      const count = await file.read(block.bytes, segmentHeaderBytes + at - segment.base);
      if (count === 0) break;
      // A header that begins in the last bytes is looked at with the next step.
      let next = at + count >= limit || count <= entryHeaderBytes ? limit : at + count - entryHeaderBytes;
      next -= next % 4;
      if (next <= at) next = limit;
      const highest = sequence + Math.ceil((limit - from) / entryHeaderBytes);
      for (let offset = firstNonZero(block, 0); offset < count; offset = firstNonZero(block, offset + 4)) {
        found = merge(found, { bytes: at + offset + 4 - from });
        if (!isPlausible(block, offset, at + offset, limit, sequence, highest)) continue;
        const size = await wholeEntry(file, block, offset, count, at, segment.base, identity);
        if (size <= 0) continue;
        found = merge(found, { entries: found.entries + 1, durable: durableAt(block, offset, at + offset) });
        if (at + offset + size > next) next = at + offset + size;
        offset += size - 4;
      }
      at = next;
    }
    return found;
  } finally {
    file.close();
  }
}

async function wholeEntry(
  file: { read(into: Uint8Array, position: number): Promise<number> },
  block: Block,
  offset: number,
  count: number,
  blockAddress: number,
  base: number,
  identity: number,
): Promise<number> {
  const address = blockAddress + offset;
  const needed = entryHeaderBytes + Math.ceil(lengthAt(block, offset) / 4) * 4;
  if (offset + needed <= count) return checkEntry(block, offset, needed, address, identity);
  const alone = makeBlock(needed);
  const read = await file.read(alone.bytes, segmentHeaderBytes + address - base);
  return checkEntry(alone, 0, read, address, identity);
}

/** A cheap look at a header, so that few places need their checksum computed. */
function isPlausible(
  block: Block,
  offset: number,
  address: number,
  limit: number,
  sequence: number,
  highest: number,
): boolean {
  if (offset + entryHeaderBytes > block.bytes.length) return false;
  if (address + entryHeaderBytes + lengthAt(block, offset) > limit) return false;
  const found = sequenceAt(block, offset);
  return found >= sequence && found <= highest;
}

/** Unused space is long and all zeros. */
function firstNonZero({ words }: Block, offset: number): number {
  let word = offset >>> 2;
  while (word < words.length && words[word] === 0) word++;
  return word << 2;
}

function merge(a: Behind, b: Partial<Behind>): Behind {
  return {
    bytes: Math.max(a.bytes, b.bytes ?? 0),
    entries: Math.max(a.entries, b.entries ?? 0),
    durable: Math.max(a.durable, b.durable ?? 0),
  };
}
