import type { FileSystem } from "../file/index.ts";
import { decodePositions } from "./iterators.ts";
import type { Point } from "./metadata-format.ts";
import { readPage } from "./page.ts";
import { segmentHeaderBytes } from "./segment-format.ts";
import type { SegmentFile } from "./segments.ts";

/** What a scan found from its start to where the good entries end. */
export interface ScanResult {
  /** Behind the last whole entry, or the last whole batch. */
  readonly end: Point;
  /** `blank`: nothing was ever written behind it, as far as this segment tells. */
  readonly stop: "blank" | "damaged";
  /** The furthest durable end that the entries tell of. */
  readonly durable: number;
  /** Positions in the last control entry; `undefined` when there was none. */
  readonly iterators: ReadonlyMap<string, number> | undefined;
  readonly entries: number;
  readonly bytes: number;
}

/**
 * Reads and verifies everything from a point to the first place that isn't a whole entry, over the borders of segments.
 * @param segments in order; only those with a header are read
 */
export async function scanForward(
  files: FileSystem,
  segments: readonly SegmentFile[],
  start: Point,
  identity: number,
): Promise<ScanResult> {
  let at = start;
  let end = start;
  let durable = 0;
  let iterators: ScanResult["iterators"];
  let stop: ScanResult["stop"] = "blank";
  const first = segments.findLastIndex(({ base }) => base <= start.address);
  const reached = first < 0 ? [] : segments.slice(first);
  for (const [index, segment] of reached.entries()) {
    if (segment.header === undefined || segment.base > at.address) break;
    const limit = reached[index + 1]?.base ?? Number.POSITIVE_INFINITY;
    const result = await scanSegment(files, segment, at, end, Math.min(limit, endOf(segment)), identity);
    ({ at, end, stop } = result);
    durable = Math.max(durable, result.durable);
    iterators = result.iterators ?? iterators;
    // A batch never reaches into the next segment, so an unfinished one is the end.
    if (at.address !== limit || end.address !== at.address) break;
  }
  const unfinished = end.address !== at.address;
  return {
    end,
    stop: unfinished ? "damaged" : stop,
    durable,
    iterators,
    entries: end.sequence - start.sequence,
    bytes: end.address - start.address,
  };
}

async function scanSegment(
  files: FileSystem,
  segment: SegmentFile,
  start: Point,
  unitEnd: Point,
  limit: number,
  identity: number,
): Promise<{
  at: Point;
  end: Point;
  stop: "blank" | "damaged";
  durable: number;
  iterators: ReadonlyMap<string, number> | undefined;
}> {
  const file = files.open(segment.path, "read");
  let at = start;
  let end = unitEnd;
  let durable = 0;
  let iterators: ReadonlyMap<string, number> | undefined;
  try {
    while (at.address < limit) {
      const page = await readPage(file, segment.base, at, limit, identity);
      at = page.end;
      end = page.unitEnd ?? end;
      durable = Math.max(durable, page.durable);
      if (page.control !== undefined) iterators = decodePositions(page.control);
      if (page.stop === "blank" || page.stop === "damaged") return { at, end, stop: page.stop, durable, iterators };
      // The file is shorter than it was.
      if (page.end.address === page.start.address) break;
    }
    return { at, end, stop: "blank", durable, iterators };
  } finally {
    file.close();
  }
}

/** The address behind a segment's last byte. */
export function endOf({ base, size }: SegmentFile): number {
  return base + Math.max(0, size - segmentHeaderBytes);
}
