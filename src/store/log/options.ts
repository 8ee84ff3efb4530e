import { StoreError } from "../error.ts";
import { type FileSystem, nodeFileSystem } from "../file/index.ts";
import { segmentHeaderBytes } from "./segment-format.ts";

export interface LogOptions {
  /** Default: the machine's own. */
  readonly files?: FileSystem;
  /** Make the log when there is none; default true. Without, a missing one is `not_found`. */
  readonly create?: boolean;
  /**
   * When the log is damaged before its durable end, cut it at the damage and lose all that lies behind. Default false: such
   * a log is refused with `corrupt`. A torn tail, which a crash leaves, is cut without being asked and reported.
   */
  readonly repair?: boolean;
  /**
   * How long an entry that nobody waits for may stay in memory, in milliseconds, from 0 to 60,000; default 50. A crash of
   * the process or machine loses at most the entries of this window, plus the time of one write and sync. `false` leaves
   * it to {@link DurableLog.commit}.
   */
  readonly windowMs?: number | false;
  /** Entries not yet durable may hold this much memory; then appending waits. From 64 KiB to 1 GiB, default 32 MiB. */
  readonly bufferBytes?: number;
  /** A segment file grows to at most this, from 4 KiB to 4 GiB; default 64 MiB. May differ from one opening to the next. */
  readonly segmentBytes?: number;
  /** Milliseconds of a clock that never goes back, by which syncs are timed; the machine's by default. */
  readonly clock?: () => number;
  /** A number below 2^32 that tells this log from others, when it is made. Default: random. */
  readonly identity?: number;
}

export interface LogSettings {
  readonly files: FileSystem;
  readonly create: boolean;
  readonly repair: boolean;
  readonly windowMs: number | false;
  readonly bufferBytes: number;
  readonly segmentBytes: number;
  readonly clock: () => number;
  readonly identity: number;
}

/** @throws `invalid_argument` when a number is out of its range */
export function logSettings(options: LogOptions): LogSettings {
  const { windowMs = 50 } = options;
  return {
    files: options.files ?? nodeFileSystem,
    create: options.create ?? true,
    repair: options.repair ?? false,
    windowMs: windowMs === false ? false : within("windowMs", windowMs, 0, 60_000),
    bufferBytes: within("bufferBytes", options.bufferBytes ?? 32 * 2 ** 20, 2 ** 16, 2 ** 30),
    segmentBytes: within("segmentBytes", options.segmentBytes ?? 64 * 2 ** 20, 4_096, 2 ** 32),
    clock: options.clock ?? (() => performance.now()),
    identity: within("identity", options.identity ?? randomIdentity(), 0, 2 ** 32 - 1),
  };
}

/** The most that one entry, or all entries of a batch together, may take with their headers: it lies in one segment. */
export function largestUnit({ bufferBytes, segmentBytes }: LogSettings): number {
  return Math.min(bufferBytes, segmentBytes - segmentHeaderBytes);
}

function within(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new StoreError("invalid_argument", `${name} must be a whole number from ${least} to ${most}, got ${value}`);
}

function randomIdentity(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}
