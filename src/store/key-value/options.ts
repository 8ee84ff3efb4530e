import { StoreError } from "../error.ts";
import type { FileSystem } from "../file/index.ts";
import { type Geometry, geometry, isPowerOfTwo } from "../hybrid-log/geometry.ts";
import type { FlushTriggers } from "./auto-flush.ts";

/**
 * When a write counts as done:
 * - `sync`: after fdatasync; writes that wait at the same time share it
 * - `async`: at once; durable within {@link StoreOptions.asyncWindowMs} plus one flush
 * - `checkpoint`: at once; durable with the next commit, checkpoint or clean close, whichever is first
 */
export type Durability = "sync" | "async" | "checkpoint";

export interface StoreOptions {
  /** The file system; the machine's own by default. */
  readonly files?: FileSystem;
  /** 32 random bits at a time, of which identifiers are made; the machine's own by default. */
  readonly random?: () => number;
  /** Milliseconds of a clock that never goes back, which decides when background work is due; the machine's by default. */
  readonly clock?: () => number;
  /** For writes that don't say; `sync` by default. */
  readonly durability?: Durability;
  /** Memory for records, a power of two of at least four pages; 256 MiB by default, taken as it is needed. */
  readonly memoryBytes?: number;
  /** Page of the log, fixed when a store is made; 4 MiB by default. The largest record is a little smaller. */
  readonly pageBytes?: number;
  /** Size of a segment file, fixed when a store is made; 64 MiB by default. Space is freed segment by segment. */
  readonly segmentBytes?: number;
  /** Share of the memory in which values are changed in place, 0–1; 0.9 by default. */
  readonly mutableFraction?: number;
  /** Buckets of the index at the start, a power of two, each good for about five keys; 1,024 by default. It grows. */
  readonly indexBuckets?: number;
  /** Memory for copies of records that were read from disk; a power of two, 8 MiB by default. */
  readonly readCacheBytes?: number;
  /** Longest time before an `async` write is on its way to the disk, in milliseconds; 50 by default. */
  readonly asyncWindowMs?: number;
  /** Most bytes of `async` writes not yet durable; beyond, writers wait. 64 MiB by default. */
  readonly asyncWindowBytes?: number;
  /**
   * Asks the system to move memory that is full into pages of 2 MiB at once, for at most 5 % of the time, which makes reads
   * among a million keys a sixth faster. Each takes half a millisecond, on a busy machine some tens. By default it is only
   * advised to, and gets to it some megabytes a second.
   */
  readonly hugePages?: boolean;
  /** When pages are flushed in the background; by default only as writes and memory ask for it. */
  readonly flush?: FlushTriggers;
  /** Checkpoints kept, apart from those that others build on; 2 by default. */
  readonly keepCheckpoints?: number;
  /** Opens a damaged store at the last state that is whole, giving up what lies behind; else it is refused. */
  readonly repair?: boolean;
  /**
   * Opens the store as it was at one of its checkpoints, named by its id: everything later is given up for good, later
   * checkpoints included. Not together with `repair`.
   */
  readonly at?: string;
  /** `false`: a folder without a store is an error. */
  readonly create?: boolean;
}

export type Settings = Required<Omit<StoreOptions, "files" | "pageBytes" | "segmentBytes" | "flush" | "at">> & {
  readonly geometry: Geometry;
  readonly at: string | undefined;
};

const mib = 2 ** 20;

/** Every offset into memory must fit into 32 bits. */
const maxMemoryBytes = 4_096 * mib;
const minPages = 4;

/** Of stores that weren't made with others. */
export const usualSizes = { pageBytes: 4 * mib, segmentBytes: 64 * mib } as const;

export function settings(options: StoreOptions, stored?: Geometry): Settings {
  const { pageBytes, segmentBytes } = { ...usualSizes, ...options };
  const sizes = stored ?? geometry(pageBytes, segmentBytes);
  const memoryBytes = options.memoryBytes ?? Math.max(256 * mib, minPages * sizes.pageBytes);
  if (!isPowerOfTwo(memoryBytes) || memoryBytes < minPages * sizes.pageBytes || memoryBytes > maxMemoryBytes) {
    throw invalid(`memoryBytes ${memoryBytes} isn't a power of two of at least ${minPages} pages and at most 4 GiB`);
  }
  const chosen: Settings = {
    geometry: sizes,
    memoryBytes,
    durability: options.durability ?? "sync",
    mutableFraction: options.mutableFraction ?? 0.9,
    indexBuckets: options.indexBuckets ?? 1_024,
    readCacheBytes: options.readCacheBytes ?? 8 * mib,
    asyncWindowMs: options.asyncWindowMs ?? 50,
    asyncWindowBytes: options.asyncWindowBytes ?? 64 * mib,
    keepCheckpoints: options.keepCheckpoints ?? 2,
    hugePages: options.hugePages ?? false,
    random: options.random ?? randomWord,
    clock: options.clock ?? (() => performance.now()),
    repair: options.repair ?? false,
    at: options.at,
    create: options.create ?? true,
  };
  const { mutableFraction, indexBuckets, readCacheBytes, asyncWindowMs, asyncWindowBytes, keepCheckpoints } = chosen;
  if (!(mutableFraction > 0 && mutableFraction <= 1))
    throw invalid(`mutableFraction ${mutableFraction} isn't in (0, 1]`);
  if (!isPowerOfTwo(indexBuckets) || indexBuckets > 2 ** 26)
    throw invalid(`indexBuckets ${indexBuckets} isn't a power of two up to 2^26`);
  if (!isPowerOfTwo(readCacheBytes) || readCacheBytes < 1_024)
    throw invalid(`readCacheBytes ${readCacheBytes} isn't a power of two from 1 KiB`);
  if (!(asyncWindowMs >= 1 && asyncWindowMs <= 60_000))
    throw invalid(`asyncWindowMs ${asyncWindowMs} isn't from 1 to 60000`);
  if (!(asyncWindowBytes >= 1)) throw invalid(`asyncWindowBytes ${asyncWindowBytes} isn't positive`);
  if (!(Number.isInteger(keepCheckpoints) && keepCheckpoints >= 1))
    throw invalid(`keepCheckpoints ${keepCheckpoints} isn't at least 1`);
  if (chosen.repair && chosen.at !== undefined) throw invalid("`repair` and `at` can't be asked for at once");
  return chosen;
}

function randomWord(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

function invalid(message: string): StoreError {
  return new StoreError("invalid_argument", message);
}
