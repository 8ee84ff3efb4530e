import { StoreError } from "../error.ts";
import { type FileSystem, nodeFileSystem } from "../file/index.ts";
import { findBoundary } from "./find-boundary.ts";
import { inspectLog, type LogInspection } from "./inspect.ts";
import type { ReadableLog } from "./log-reader.ts";
import type { Point } from "./metadata-format.ts";
import { listSegments, Segments } from "./segments.ts";

/** A log's files as something to read entries from, up to its last good entry as it was found. */
export async function readAtRest(
  folder: string,
  files: FileSystem,
): Promise<{ readonly inspection: LogInspection; readonly readable: ReadableLog }> {
  const inspection = await inspectLog(folder, { files });
  const { identity, begin, end } = inspection;
  const segments = new Segments(files, listSegments(files, folder, identity));
  return { inspection, readable: { files, identity, segments, begin: () => begin, committed: () => end } };
}

/** What a truncation would do. */
export interface TruncationPlan {
  readonly inspection: LogInspection;
  /** Where the log would begin. */
  readonly begin: Point;
  /** Bytes on disk that would be free. */
  readonly freedBytes: number;
}

/**
 * Tells what `truncateBefore` of an address would do, without doing it.
 * @throws `invalid_argument` when the address lies behind the log's end, and what `inspectLog` throws
 */
export async function planTruncation(
  folder: string,
  address: number,
  files: FileSystem = nodeFileSystem,
): Promise<TruncationPlan> {
  const { inspection, readable } = await readAtRest(folder, files);
  if (address > inspection.end.address) {
    throw new StoreError("invalid_argument", `${address} lies behind the log's end, ${inspection.end.address}`);
  }
  const begin = await findBoundary(readable, address, "before");
  const gone = new Set(readable.segments.before(begin.address).map(({ path }) => path));
  const freed = inspection.segments.filter(({ path }) => gone.has(path));
  return { inspection, begin, freedBytes: freed.reduce((sum, { bytes }) => sum + bytes, 0) };
}
