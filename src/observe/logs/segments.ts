import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * A log is a folder of segments, each named by the position of its first byte (as Kafka's are): a position is the number of
 * bytes ever written to the log before it, so it never comes again, whatever is deleted.
 */
export interface Segment {
  readonly base: number;
  readonly path: string;
}

/** The segments of a log, oldest first; none when there is no such log. */
export function listSegments(folder: string): Segment[] {
  const segments: Segment[] = [];
  for (const name of namesIn(folder)) {
    const base = segmentBase(name);
    if (base !== undefined) segments.push({ base, path: join(folder, name) });
  }
  return segments.sort((one, other) => one.base - other.base);
}

export function segmentPath(folder: string, base: number): string {
  return join(folder, `${String(base).padStart(nameDigits, "0")}${suffix}`);
}

/** Where the last segment ends; 0 for an empty log. */
export function endOf(segments: readonly Segment[]): number {
  const last = segments.at(-1);
  return last === undefined ? 0 : last.base + (statSync(last.path, { throwIfNoEntry: false })?.size ?? 0);
}

/**
 * A file's time lies behind the clock: the kernel stamps it with the last tick (some 10 ms), and coarse file systems keep
 * whole seconds, or every second one (inode(7), vfat).
 */
const mtimeLagMs = 2_000;

/** The first segment that can have been written to at this moment (milliseconds since 1970) or later. */
export function modifiedSince(segments: readonly Segment[], moment: number): Segment | undefined {
  const earliest = moment - mtimeLagMs;
  return segments.find(({ path }) => (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= earliest);
}

/** Folders in a folder, such as the tenants or the services that have logs. */
export function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function segmentBase(name: string): number | undefined {
  if (!/^\d{20}\.log$/.test(name)) return undefined;
  const base = Number(name.slice(0, nameDigits));
  return Number.isSafeInteger(base) ? base : undefined;
}

const nameDigits = 20;
const suffix = ".log";
