import { entryBytes, flags, flagsAt, lengthAt } from "./entry-format.ts";
import { LogReader, type ReadableLog } from "./log-reader.ts";
import type { Point } from "./metadata-format.ts";

/**
 * The place in the log where an entry begins, next to an address: at or before it, or at or behind it. Entries of one batch
 * count as one. Addresses outside of the log give its begin or its durable end.
 * @throws `corrupt` when damage hides where entries begin
 */
export async function findBoundary(log: ReadableLog, address: number, side: "before" | "behind"): Promise<Point> {
  const begin = log.begin();
  const committed = log.committed();
  if (address <= begin.address) return begin;
  if (address >= committed.address) return committed;
  const place = log.segments.at(address);
  const header = place?.segment.header;
  if (place === undefined || header === undefined) return begin;
  const first = { address: header.base, sequence: header.firstSequence };
  const start = first.address < begin.address ? begin : first;
  return walk(log, start, address, side);
}

/** Entry by entry from a known place, because what looks like an entry may be a user's payload. */
async function walk(log: ReadableLog, start: Point, address: number, side: "before" | "behind"): Promise<Point> {
  const reader = new LogReader(log, start);
  let unit = start;
  try {
    for (let page = await reader.next(); page !== undefined; page = await reader.next()) {
      let at = page.start;
      while (at.address < page.end.address) {
        if (unit.address === address) return unit;
        const offset = at.address - page.start.address;
        const entryFlags = flagsAt(page.block, offset);
        at = {
          address: at.address + entryBytes(lengthAt(page.block, offset)),
          sequence: at.sequence + ((entryFlags & flags.control) === 0 ? 1 : 0),
        };
        if ((entryFlags & flags.more) !== 0) continue;
        if (at.address > address) return side === "before" ? unit : at;
        unit = at;
      }
    }
    return unit;
  } finally {
    reader.close();
  }
}
