import { type FileSystem, nodeFileSystem } from "../file/index.ts";
import { readAtRest } from "./at-rest.ts";
import type { LogInspection } from "./inspect.ts";
import { LogReader } from "./log-reader.ts";
import { entriesOf } from "./page.ts";

/** Counts over all entries of a log. Sizes are bytes of payload. */
export interface LogStatistics {
  readonly inspection: LogInspection;
  readonly entries: number;
  readonly payloadBytes: number;
  readonly smallestEntryBytes: number;
  readonly largestEntryBytes: number;
  /** Headers and padding of the entries, and positions of iterators. */
  readonly overheadBytes: number;
  /** How many entries have at most so many bytes, and more than the step before. */
  readonly sizes: readonly { readonly upToBytes: number; readonly entries: number }[];
}

/**
 * Reads all entries of a log, whether it is open or at rest. Changes nothing.
 * @throws as `inspectLog` does; `corrupt` at the first entry that isn't as it was written
 */
export async function logStatistics(folder: string, files: FileSystem = nodeFileSystem): Promise<LogStatistics> {
  const { inspection, readable } = await readAtRest(folder, files);
  const { begin, end } = inspection;
  const reader = new LogReader(readable, begin);
  const count = { entries: 0, payloadBytes: 0, smallest: Number.POSITIVE_INFINITY, largest: 0 };
  const sizes = new Map<number, number>();
  try {
    for (let page = await reader.next(); page !== undefined; page = await reader.next()) {
      for (const { payload } of entriesOf(page)) {
        const bytes = payload.length;
        count.entries++;
        count.payloadBytes += bytes;
        count.smallest = Math.min(count.smallest, bytes);
        count.largest = Math.max(count.largest, bytes);
        const step = bytes <= smallestStepBytes ? smallestStepBytes : 4 ** Math.ceil(Math.log2(bytes) / 2);
        sizes.set(step, (sizes.get(step) ?? 0) + 1);
      }
    }
  } finally {
    reader.close();
  }
  return {
    inspection,
    entries: count.entries,
    payloadBytes: count.payloadBytes,
    smallestEntryBytes: count.entries === 0 ? 0 : count.smallest,
    largestEntryBytes: count.largest,
    overheadBytes: end.address - begin.address - count.payloadBytes,
    sizes: [...sizes].toSorted(([a], [b]) => a - b).map(([upToBytes, entries]) => ({ upToBytes, entries })),
  };
}

const smallestStepBytes = 16;
