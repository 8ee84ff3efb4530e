import type { ChainHash } from "./chain-hash.ts";
import type { LogFiles } from "./log-files.ts";
import type { LogMemory } from "./log-memory.ts";

/** What the store adds to a commit, taken at the instant at which it is sealed. */
export interface CommitState {
  readonly version: number;
  readonly buckets: number;
  readonly sessions: ReadonlyMap<string, number>;
}

export interface FlusherOptions {
  readonly memory: LogMemory;
  readonly files: LogFiles;
  /** Random number of the store, in every commit. */
  readonly store: number;
  /** Share of the pages in memory that may be changed in place, 0–1. */
  readonly mutableFraction: number;
  /** Milliseconds, by which syncs are timed. */
  readonly clock: () => number;
  /** The sessions' serials since the last call, and what else goes into a commit. */
  readonly takeState: () => CommitState;
  /** Sessions that have something for a commit. */
  readonly peekSessions: () => ReadonlyMap<string, number>;
}

export interface ResumePoint {
  /** Behind the last durable commit. */
  readonly committed: number;
  /** Behind the last commit, be it only in memory: the next one continues here. */
  readonly sealedEnd: number;
  /** The files have everything up to here. */
  readonly written: number;
  readonly generation: number;
  /** Checksum of what lies between `sealedEnd` and `written`. */
  readonly hash: ChainHash;
}

/** Counters since the store was opened. Times are milliseconds. */
export interface FlushMetrics {
  commits: number;
  flushes: number;
  bytes: number;
  failures: number;
  syncMs: number;
  lastFlushBytes: number;
  lastFlushMs: number;
}
