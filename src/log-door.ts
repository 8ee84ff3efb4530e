import { basename, resolve } from "node:path";
import type { LogDocument, LogDoor, LogStatsDocument } from "./cli/index.ts";
import {
  type DurableLog,
  inspectLog,
  type LogInspection,
  logStatistics,
  openLog,
  planTruncation,
  StoreError,
} from "./store/index.ts";
import { translateStoreErrors } from "./store-failure.ts";

/** Shows durable logs to the command line, in its words. */
export const logDoor: LogDoor = {
  inspect: (path, options) => translated(path, async () => toDocument(path, await inspectLog(path, options))),
  stats: (path) => translated(path, () => stats(path)),
  repair: (path) =>
    withLog(path, { repair: true }, async (opened) => {
      const { cut } = opened.recovery;
      return {
        path: resolve(path),
        repaired: cut !== null,
        end: opened.tail,
        entries: opened.stats().entries,
        lost_bytes: cut?.bytes ?? 0,
        lost_entries: cut?.entries ?? 0,
      };
    }),
  truncate: (path, before, { dryRun }) =>
    translated(path, async () => {
      const { inspection, begin, freedBytes } = await planTruncation(path, before);
      if (inspection.live) throw new StoreError("locked", `${path} is open in another process`);
      if (!dryRun) await withLog(path, {}, (opened) => opened.truncateBefore(before));
      return {
        path: resolve(path),
        begin: begin.address,
        previous_begin: inspection.begin.address,
        removed_entries: begin.sequence - inspection.begin.sequence,
        freed_bytes: freedBytes,
      };
    }),
};

async function stats(path: string): Promise<LogStatsDocument> {
  const found = await logStatistics(path);
  const { inspection, entries } = found;
  const slowest = Math.min(inspection.end.address, ...inspection.iterators.values());
  const bases = inspection.segments.map(({ base }) => base);
  const reclaimable = inspection.segments.filter(
    (_, index) => (bases[index + 1] ?? Number.POSITIVE_INFINITY) <= slowest,
  );
  return {
    path: resolve(path),
    live: inspection.live,
    entries,
    payload_bytes: found.payloadBytes,
    overhead_bytes: found.overheadBytes,
    smallest_entry_bytes: found.smallestEntryBytes,
    largest_entry_bytes: found.largestEntryBytes,
    mean_entry_bytes: entries === 0 ? 0 : Math.round(found.payloadBytes / entries),
    segments: inspection.segments.length,
    bytes: sum(inspection.segments.map(({ bytes }) => bytes)),
    reclaimable_bytes: sum(reclaimable.map(({ bytes }) => bytes)),
    sizes: found.sizes.map(({ upToBytes, entries: count }) => ({ up_to_bytes: upToBytes, entries: count })),
  };
}

function toDocument(path: string, found: LogInspection): LogDocument {
  const { begin, end } = found;
  return {
    path: resolve(path),
    format: found.formatVersion,
    live: found.live,
    state: found.tail,
    begin: begin.address,
    end: end.address,
    durable: found.durable,
    first_sequence: begin.sequence,
    next_sequence: end.sequence,
    entries: end.sequence - begin.sequence,
    bytes: sum(found.segments.map(({ bytes }) => bytes)),
    behind_end: found.behind,
    whole_metadata_slots: found.wholeSlots,
    segments: found.segments.map(({ path: file, base, bytes, whole }) => ({
      file: basename(file),
      base,
      bytes,
      whole,
    })),
    iterators: [...found.iterators].map(([name, at]) => {
      const position = Math.max(at, begin.address);
      return { name, position, lag_bytes: Math.max(0, end.address - position) };
    }),
  };
}

function withLog<T>(path: string, { repair = false }, use: (opened: DurableLog) => Promise<T>): Promise<T> {
  return translated(path, async () => {
    const opened = await openLog(path, { create: false, repair });
    try {
      return await use(opened);
    } finally {
      await opened.close();
    }
  });
}

const translated = translateStoreErrors((code, path) => {
  if (code === "not_found") return "name the folder that holds `log.meta`";
  if (code === "locked")
    return "stop the process that has it open; looking at it with `inspect`, `verify` or `stats` is safe";
  if (code === "corrupt") return `\`solo log verify ${path}\` tells where; with --repair it cuts the log there`;
  return undefined;
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
