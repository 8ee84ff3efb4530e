import type { StoreFile } from "../file/index.ts";
import {
  type Block,
  checkEntry,
  durableAt,
  entryBytes,
  entryHeaderBytes,
  flags,
  flagsAt,
  lengthAt,
  makeBlock,
  payloadAt,
  sequenceAt,
  verdict,
} from "./entry-format.ts";
import type { Point } from "./metadata-format.ts";
import { segmentHeaderBytes } from "./segment-format.ts";

/** Bytes read at once, where an entry isn't larger than that. */
const pageBytes = 2 ** 20;

/** Consecutive entries of one segment, read and verified. */
export interface Page {
  readonly block: Block;
  readonly start: Point;
  /** Behind the last whole entry. */
  readonly end: Point;
  /** Behind the last whole entry that isn't followed by more of its batch, seen from the start of the page. */
  readonly unitEnd: Point | undefined;
  /** Why it goes no further: `limit` was reached, the page is full, nothing was written there, or no whole entry is there. */
  readonly stop: "limit" | "full" | "blank" | "damaged";
  /** The furthest durable end that an entry of the page tells of. */
  readonly durable: number;
  /** The last control entry's payload. */
  readonly control: Uint8Array | undefined;
}

/** An entry as a reader gets it. */
export interface LogEntry {
  readonly address: number;
  /** 1 for the first entry ever appended, and one more for each: never reused, no gaps. */
  readonly sequence: number;
  /** The reader's own: nothing else writes to this memory. Entries of one page share it. */
  readonly payload: Uint8Array;
  /** The address behind it, where the next entry begins. */
  readonly end: number;
}

/**
 * Reads entries of a segment from a point on, at most up to the address `limit`, and verifies each: its checksum, which
 * covers its place, and that its sequence follows the one before.
 */
export async function readPage(
  file: StoreFile,
  base: number,
  start: Point,
  limit: number,
  identity: number,
): Promise<Page> {
  let size = Math.min(pageBytes, limit - start.address);
  for (;;) {
    const block = makeBlock(Math.ceil(size / 4) * 4);
    const count = await file.read(block.bytes.subarray(0, size), segmentHeaderBytes + start.address - base);
    const reachesLimit = start.address + count >= limit;
    const page = verify(block, count, start, identity, reachesLimit || count < size);
    if (page.end.address > start.address || page.stop !== "full") return page;
    // One entry that is larger than the page; it is damaged if it would reach beyond the limit.
    const needed = entryBytes(lengthAt(block, 0));
    if (needed <= size || start.address + needed > limit) return { ...page, stop: "damaged" };
    size = needed;
  }
}

/** The entries of a page that users wrote, each a view of the page's memory. */
export function* entriesOf({ block, start, end }: Page): Generator<LogEntry> {
  const size = end.address - start.address;
  for (let offset = 0; offset < size; ) {
    const next = offset + entryBytes(lengthAt(block, offset));
    if ((flagsAt(block, offset) & flags.control) === 0) {
      yield {
        address: start.address + offset,
        sequence: sequenceAt(block, offset),
        payload: payloadAt(block, offset),
        end: start.address + next,
      };
    }
    offset = next;
  }
}

function verify(block: Block, available: number, start: Point, identity: number, isLast: boolean): Page {
  let offset = 0;
  let sequence = start.sequence;
  let unitEnd: Point | undefined;
  let durable = 0;
  let control: Uint8Array | undefined;
  let stop: Page["stop"] = isLast ? "limit" : "full";
  while (offset < available) {
    const address = start.address + offset;
    const size = checkEntry(block, offset, available - offset, address, identity);
    if (size === verdict.blank) stop = "blank";
    else if (size === verdict.incomplete) stop = isLast ? tornOrBlank(block, offset, available) : "full";
    else if (size === verdict.damaged || sequenceAt(block, offset) !== sequence) stop = "damaged";
    if (size <= 0 || stop === "damaged") break;
    const entryFlags = flagsAt(block, offset);
    durable = Math.max(durable, durableAt(block, offset, address));
    if ((entryFlags & flags.control) !== 0) control = payloadAt(block, offset);
    else sequence++;
    offset += size;
    if ((entryFlags & flags.more) === 0) unitEnd = { address: start.address + offset, sequence };
  }
  return { block, start, end: { address: start.address + offset, sequence }, unitEnd, stop, durable, control };
}

/** The last bytes of a file may be too few for a header, and still nothing but unused space. */
function tornOrBlank({ bytes }: Block, offset: number, available: number): "blank" | "damaged" {
  if (available - offset >= entryHeaderBytes) return "damaged";
  return bytes.subarray(offset, available).every((byte) => byte === 0) ? "blank" : "damaged";
}
