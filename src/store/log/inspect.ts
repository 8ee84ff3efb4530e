import { join } from "node:path";
import { StoreError } from "../error.ts";
import { type FileSystem, nodeFileSystem } from "../file/index.ts";
import { isLocked } from "../file/patient-lock.ts";
import { lockName } from "./lock.ts";
import { readMetadata, type StoredMetadata } from "./metadata-file.ts";
import type { Point } from "./metadata-format.ts";
import { isChainBroken } from "./recover.ts";
import { endOf, scanForward } from "./scan-forward.ts";
import { type Behind, searchBehind } from "./search-behind.ts";
import { formatVersion } from "./segment-format.ts";
import { listSegments, type SegmentFile } from "./segments.ts";

/** A log as its files tell of it. Addresses are bytes of the log; `bytes` of a file are those on disk. */
export interface LogInspection {
  readonly formatVersion: number;
  readonly identity: number;
  /** Somebody has it open: what was found may be older than what it is now. */
  readonly live: boolean;
  readonly begin: Point;
  /** Behind the last good entry. Its sequence is that of the next one. */
  readonly end: Point;
  /** Everything before it is known to have been durable once. */
  readonly durable: number;
  /**
   * `clean`: nothing but unused space behind the end. `torn`: what a crash left, which opening cuts off. `damaged`: durable
   * entries are lost, and opening is refused.
   */
  readonly tail: "clean" | "torn" | "damaged";
  /** What lies behind the end. */
  readonly behind: { readonly bytes: number; readonly entries: number };
  /** How many of the two metadata slots are whole. */
  readonly wholeSlots: number;
  readonly generation: number;
  readonly segments: readonly {
    readonly path: string;
    readonly base: number;
    readonly bytes: number;
    readonly whole: boolean;
  }[];
  readonly iterators: ReadonlyMap<string, number>;
}

export interface InspectOptions {
  readonly files?: FileSystem;
  /** Verify every entry from the begin on, instead of those behind the last checkpoint of the metadata. Default false. */
  readonly full?: boolean;
}

/** How often a look at a live log begins again because segments were truncated under it. */
const tries = 5;

/**
 * Looks at a log without changing anything, whether it is open or at rest.
 * @throws `not_found`, `corrupt` when its metadata is lost, `too_new`
 */
export async function inspectLog(
  folder: string,
  { files = nodeFileSystem, full = false }: InspectOptions = {},
): Promise<LogInspection> {
  for (let left = tries; ; left--) {
    try {
      const before = readMetadata(files, folder);
      if (before === undefined) throw new StoreError("not_found", `there is no log in ${folder}`);
      const live = isLocked(files, join(folder, lockName));
      const found = await look(files, folder, before, live, full);
      const isSame = readMetadata(files, folder)?.slot.begin.address === before.slot.begin.address;
      if (isSame || left === 1) return found;
    } catch (error) {
      const failure = StoreError.fromFile(`reading ${folder}`, error);
      if (failure.cause === undefined || failure.code !== "not_found" || left === 1) throw failure;
    }
  }
}

async function look(
  files: FileSystem,
  folder: string,
  { slot, mark, wholeSlots }: StoredMetadata,
  live: boolean,
  full: boolean,
): Promise<LogInspection> {
  const segments = listSegments(files, folder, slot.identity);
  const scan = await scanForward(files, segments, full ? slot.begin : slot.durable, slot.identity);
  // The owner of a live log is writing behind the end: what is found there later proves nothing.
  const behind: Behind = live
    ? { bytes: 0, entries: 0, durable: 0 }
    : await searchBehind(files, segments, scan.end, slot.identity);
  const known = Math.max(slot.durable.address, mark?.address ?? 0);
  const durable = Math.max(known, scan.durable, behind.durable);
  const isDamaged = (live ? known : durable) > scan.end.address || isChainBroken(segments, slot, scan.end.address);
  return {
    formatVersion,
    identity: slot.identity,
    live,
    begin: slot.begin,
    end: scan.end,
    durable,
    tail: isDamaged ? "damaged" : behind.bytes > 0 ? "torn" : "clean",
    behind: { bytes: behind.bytes, entries: behind.entries },
    wholeSlots,
    generation: slot.generation,
    segments: segments.map(describe),
    iterators: scan.iterators ?? slot.iterators,
  };
}

function describe(segment: SegmentFile): LogInspection["segments"][number] {
  const { path, base, size, header } = segment;
  return { path, base, bytes: Math.max(size, endOf(segment) - base), whole: header !== undefined };
}
