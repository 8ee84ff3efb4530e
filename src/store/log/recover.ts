import { StoreError } from "../error.ts";
import { makeDurableFolder } from "./durable-folder.ts";
import { createMetadata, MetadataFile, readMetadata, type StoredMetadata } from "./metadata-file.ts";
import type { Point, Slot } from "./metadata-format.ts";
import type { LogSettings } from "./options.ts";
import { rewriteUnsynced } from "./rewrite-unsynced.ts";
import { type ScanResult, scanForward } from "./scan-forward.ts";
import { type Behind, searchBehind } from "./search-behind.ts";
import { segmentHeaderBytes } from "./segment-format.ts";
import { listSegments, makeSegment, type SegmentFile, Segments } from "./segments.ts";

/** What opening a log found and did. */
export interface LogRecovery {
  readonly created: boolean;
  /** Entries that were read to find the end; earlier ones were known to be durable. */
  readonly scannedEntries: number;
  readonly scannedBytes: number;
  /** What was cut off behind the last good entry; `null` when there was nothing but unused space. */
  readonly cut: LogCut | null;
  /** One of the two metadata slots was damaged, or was being written when the power went. The other one counted. */
  readonly lostSlot: boolean;
}

export interface LogCut {
  /** The log ends here since. */
  readonly address: number;
  readonly bytes: number;
  /** Whole entries behind the damage that were given up. None of them had been acknowledged, unless `repaired`. */
  readonly entries: number;
  /** Durable entries were lost, as `repair` allowed. False: only what a crash had left unfinished. */
  readonly repaired: boolean;
}

export interface RecoveredLog {
  readonly metadata: MetadataFile;
  readonly segments: Segments;
  /** Where the next entry goes. Everything before it is durable. */
  readonly tail: Point;
  readonly recovery: LogRecovery;
}

/** Brings a log into the state of its last good entry. The caller holds its lock. */
export async function recoverLog(folder: string, settings: LogSettings): Promise<RecoveredLog> {
  const { files } = settings;
  const found = readMetadata(files, folder);
  const stored = found ?? (await createLog(folder, settings));
  const { slot } = stored;
  const segments = await dropGone(folder, settings, stored);
  const start = settings.repair ? firstPoint(segments, slot.begin) : slot.durable;
  const scan = await scanForward(files, segments, start, slot.identity);
  const behind = await searchBehind(files, segments, scan.end, slot.identity);
  const once = Math.max(slot.durable.address, stored.mark?.address ?? 0, scan.durable, behind.durable);
  const isDamaged = once > scan.end.address || isChainBroken(segments, slot, scan.end.address);
  if (isDamaged && !settings.repair) throw damaged(folder, scan, behind, once);
  const tail = scan.end;
  await cutBehind(folder, settings, segments, tail);
  const kept = await keepOrMake(folder, settings, segments, tail, slot.identity);
  await rewriteUnsynced(files, kept, isDamaged ? kept.base : Math.max(kept.base, once), tail.address);
  await makeDurableFolder(files, folder);
  await files.syncFolder(folder);
  const metadata = new MetadataFile(files, folder, slot);
  await metadata.confirm();
  const iterators = clamp(scan.iterators ?? slot.iterators, tail.address);
  // What the mark said is no longer so. It becomes durable with the metadata.
  if (isDamaged) metadata.mark(tail);
  await metadata.save({ begin: settings.repair ? start : slot.begin, durable: tail, iterators });
  const remaining = segments.filter(({ base }) => base < kept.base && base <= tail.address);
  return {
    metadata,
    segments: new Segments(files, [...remaining, kept]),
    tail,
    recovery: {
      created: found === undefined,
      scannedEntries: scan.entries,
      scannedBytes: scan.bytes,
      cut: behind.bytes === 0 && !isDamaged ? null : cutOf(tail, behind, isDamaged),
      lostSlot: stored.wholeSlots < 2,
    },
  };
}

async function createLog(folder: string, { files, create, identity }: LogSettings): Promise<StoredMetadata> {
  if (!create) throw new StoreError("not_found", `there is no log in ${folder}`);
  if (listSegments(files, folder, identity).length > 0) {
    throw new StoreError("corrupt", `${folder} has segments of a log and no metadata`);
  }
  await makeDurableFolder(files, folder);
  const start = { address: 0, sequence: 1 };
  await createMetadata(files, folder, { identity, begin: start, durable: start, iterators: new Map() });
  const stored = readMetadata(files, folder);
  if (stored === undefined) throw new StoreError("io_error", `${folder}: the metadata just made can't be read`);
  return stored;
}

/** Deletes segments before the log's begin, which a crash may have left. */
async function dropGone(folder: string, { files }: LogSettings, { slot }: StoredMetadata): Promise<SegmentFile[]> {
  const segments = new Segments(files, listSegments(files, folder, slot.identity));
  await segments.removeBefore(slot.begin.address);
  return [...segments.all];
}

/** Segments name the one before them, so a missing one is seen without reading what was in it. */
export function isChainBroken(segments: readonly SegmentFile[], { begin, durable }: Slot, end: number): boolean {
  if (durable.address > 0 && !segments.some(({ base }) => base <= begin.address)) return true;
  const used = segments.filter(({ base }) => base < end);
  return used.some(({ header }, index) => {
    const before = used[index - 1];
    return header === undefined || (before !== undefined && header.previousBase !== before.base);
  });
}

/** Where a log begins, even when the segments that it should begin with are lost. */
function firstPoint(segments: readonly SegmentFile[], begin: Point): Point {
  const header = segments.find((segment) => segment.header !== undefined)?.header;
  return header === undefined || header.base <= begin.address
    ? begin
    : { address: header.base, sequence: header.firstSequence };
}

function damaged(folder: string, scan: ScanResult, behind: Behind, once: number): StoreError {
  const at = `${folder} is damaged at address ${scan.end.address}, sequence ${scan.end.sequence}`;
  return new StoreError(
    "corrupt",
    `${at}: the log was durable up to ${once}, and ${behind.entries} whole entries lie behind the damage. ` +
      "Opening it with `repair` cuts it there and loses them",
  );
}

/** Takes away everything behind the tail, segments first, so that no later crash finds them again. */
async function cutBehind(
  folder: string,
  { files }: LogSettings,
  segments: readonly SegmentFile[],
  tail: Point,
): Promise<void> {
  const last = segments.findLast(({ base, header }) => header !== undefined && base <= tail.address);
  // Without any, the first one's header is lost: it is made anew in its place.
  const behind = segments.filter(
    ({ base }) => base > tail.address || (base === tail.address && last && last.base < base),
  );
  for (const { path } of behind.toReversed()) await files.remove(path);
  if (behind.length > 0) await files.syncFolder(folder);
  if (last === undefined) return;
  const size = segmentHeaderBytes + tail.address - last.base;
  if (last.size <= size) return;
  const file = files.open(last.path, "write");
  try {
    file.truncate(size);
    await file.sync();
  } finally {
    file.close();
  }
}

/** The segment that will be written to. */
async function keepOrMake(
  folder: string,
  { files }: LogSettings,
  segments: readonly SegmentFile[],
  tail: Point,
  identity: number,
): Promise<SegmentFile> {
  const kept = segments.findLast(({ base, header }) => header !== undefined && base <= tail.address);
  if (
    kept !== undefined &&
    (kept.base === tail.address || segmentHeaderBytes + tail.address - kept.base <= kept.size)
  ) {
    return kept;
  }
  const previousBase = segments.findLast(({ base }) => base < tail.address)?.base ?? tail.address;
  return makeSegment(files, folder, { identity, base: tail.address, firstSequence: tail.sequence, previousBase });
}

function clamp(iterators: ReadonlyMap<string, number>, tail: number): Map<string, number> {
  return new Map([...iterators].map(([name, address]) => [name, Math.min(address, tail)]));
}

function cutOf(tail: Point, behind: Behind, repaired: boolean): LogCut {
  return { address: tail.address, bytes: behind.bytes, entries: behind.entries, repaired };
}
