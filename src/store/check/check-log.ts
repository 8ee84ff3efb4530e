import { PageLoader } from "../checkpoint/page-loader.ts";
import { laterCommit, nextCommit } from "../checkpoint/scan-commits.ts";
import type { LogFiles } from "../hybrid-log/log-files.ts";
import type { LogMemory } from "../hybrid-log/log-memory.ts";
import { blockIsSound, firstBlock, readSeal } from "../hybrid-log/page-seal.ts";
import { type LogDamage, logDamage } from "./damage.ts";

/** What reading a log takes: room for a few pages, and the random number of its store. */
export interface LogReading {
  readonly memory: LogMemory;
  readonly loader: PageLoader;
  readonly files: LogFiles;
  readonly store: number;
}

/** A place behind a commit, and what was known there. */
export interface LogPoint {
  readonly end: number;
  readonly generation: number;
  readonly version: number;
  readonly sessions: ReadonlyMap<string, number>;
}

/** What recovery reaches: the last commit before anything that isn't whole. */
export interface Reached extends LogPoint {
  /** Commits followed on the way. */
  readonly commits: number;
  readonly damages: readonly LogDamage[];
}

/**
 * Follows commit after commit, and past damage from the next whole one on, so that every part that isn't what was committed
 * is found.
 * @param durable address up to which the log is known to have been durable
 * @param live the owner is writing behind the end: what is found there proves nothing
 */
export async function followCommits(
  reading: LogReading,
  start: LogPoint,
  durable: number,
  live: boolean,
): Promise<Reached> {
  const { geometry } = reading.memory;
  const reached = await follow(reading, start);
  const damages: LogDamage[] = [];
  for (let last = reached; ; ) {
    const later = live
      ? undefined
      : await laterCommit(reading.memory, reading.loader, reading.store, last.end, durable);
    if (last.end >= durable && later === undefined) return { ...reached, damages };
    const behind = later?.from ?? durable;
    const problem = `no whole commit vouches for what lies from here to byte ${behind * 8} of the log`;
    damages.push(logDamage(geometry, last.end, behind, problem));
    if (later === undefined) return { ...reached, damages };
    last = await follow(reading, { ...start, end: later.from, generation: later.generation - 1 });
  }
}

async function follow(reading: LogReading, start: LogPoint): Promise<Omit<Reached, "damages">> {
  const { memory, loader, store } = reading;
  const sessions = new Map(start.sessions);
  let { end, generation, version } = start;
  for (let commits = 0; ; commits++) {
    const found = await nextCommit(memory, loader, store, end, generation);
    if (found === undefined) return { end, generation, version, sessions, commits };
    end = found.end;
    ({ generation, version } = found.commit);
    for (const [name, serial] of found.commit.sessions) sessions.set(name, serial);
  }
}

/** Checks every block of every complete page between two addresses against the page's seal. */
export async function checkPages({ memory, files }: LogReading, from: number, to: number): Promise<LogDamage[]> {
  // Pages that were read before may have been incomplete then.
  const loader = new PageLoader(memory, files);
  const { pageUnits, segmentBytes, pageBytes } = memory.geometry;
  const segments = new Set(files.numbers());
  const damages: LogDamage[] = [];
  for (let page = memory.pageOf(from); page < memory.pageOf(to); page++) {
    const segment = Math.floor((page * pageBytes) / segmentBytes);
    if (segments.has(segment)) {
      await loader.load(page);
      damages.push(...badBlocks(memory, page));
      continue;
    }
    const start = Math.max(from, page * pageUnits);
    if (page === memory.pageOf(from) || (page * pageBytes) % segmentBytes === 0)
      damages.push(logDamage(memory.geometry, start, ((segment + 1) * segmentBytes) / 8, "the file is missing"));
  }
  return damages;
}

function badBlocks(memory: LogMemory, page: number): LogDamage[] {
  const { geometry } = memory;
  const { blockBytes, pageBytes, pageUnits } = geometry;
  const bytes = memory.page(page);
  const last = pageBytes - blockBytes;
  const seal = readSeal(bytes.subarray(last), page);
  const start = page * pageUnits;
  if (seal === undefined)
    return [logDamage(geometry, start + last / 8, start + pageUnits, "the page's table of checksums isn't whole")];
  const damages: LogDamage[] = [];
  for (let at = firstBlock(page, memory); at < last; at += blockBytes) {
    if (blockIsSound(bytes.subarray(at, at + blockBytes), seal, at / blockBytes)) continue;
    const problem = `a block of ${blockBytes} bytes isn't what was written`;
    damages.push(logDamage(geometry, start + at / 8, start + (at + blockBytes) / 8, problem));
  }
  return damages;
}
