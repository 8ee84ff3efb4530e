import { StoreError } from "../error.ts";
import { readCommit } from "../hybrid-log/commit-record.ts";
import { kindCommit, kindData, previousHigh, tombstone, valueLengthWord } from "../hybrid-log/layout.ts";
import { findCold } from "./cold.ts";
import type { Engine } from "./engine.ts";
import { KeyBuffer } from "./key.ts";
import { onDisk, valueStart } from "./records.ts";
import type { StoreMeta } from "./store-meta.ts";
import { type PageCopy, type PageRecord, walkPages } from "./walk-pages.ts";

export interface CompactOptions {
  /** How much of the log's beginning to go through, in bytes; all that is durable by default. */
  readonly bytes?: number;
}

/** What a compaction did. Bytes. */
export interface CompactReport {
  /** Of the log that was gone through. */
  readonly scannedBytes: number;
  /** Records that were still alive, copied to the log's end. */
  readonly moved: number;
  /** Freed on disk. Space comes free by whole segment files. */
  readonly freedBytes: number;
}

/** Where the log can begin: behind a commit. */
export interface NewBegin extends Pick<StoreMeta, "begin" | "generation" | "version" | "sessions"> {
  readonly moved: number;
}

/**
 * Copies the live records of the log's beginning to its end, while everybody goes on, and tells where the log can begin
 * then. Nothing is durable yet, and nothing forgotten.
 */
export async function moveLive(engine: Engine, meta: StoreMeta, bytes: number): Promise<NewBegin> {
  const sessions = new Map(meta.sessions);
  const found = { begin: meta.begin, generation: meta.generation, version: meta.version, sessions };
  const limit = Math.min(engine.flusher.committed, meta.begin + Math.ceil(bytes / 8));
  const key = new KeyBuffer();
  let moved = 0;
  for await (const page of walkPages(engine, meta.begin, engine.flusher.committed)) {
    for (const record of page.records) {
      if (record.kind === kindData && (await moveIfLive(engine, key, page, record))) moved++;
      if (record.kind !== kindCommit) continue;
      const own = page.bytes.subarray(record.at * 4, record.at * 4 + record.size * 8);
      const commit = readCommit(own, record.address, engine.identity.store);
      if (commit === undefined) throw new StoreError("corrupt", `the commit at byte ${record.address * 8} is damaged`);
      for (const [name, serial] of commit.sessions) sessions.set(name, serial);
      found.begin = record.address + record.size;
      found.generation = commit.generation;
      found.version = commit.version;
      if (found.begin >= limit) return { ...found, moved };
    }
  }
  return { ...found, moved };
}

async function moveIfLive(
  engine: Engine,
  key: KeyBuffer,
  { bytes, words }: PageCopy,
  record: PageRecord,
): Promise<boolean> {
  const { records } = engine;
  key.loadRecord(words, record.at);
  const start = valueStart(words, record.at);
  const value = bytes.subarray(start, start + (words[record.at + valueLengthWord] ?? 0));
  const isDeletion = ((words[record.at + previousHigh] ?? 0) & tombstone) !== 0;
  for (let checked = 0; ; ) {
    const where = records.find(key);
    // What the lookup ends at without having read it can only be older than this record, be it itself, or be checked.
    if (where === onDisk && records.address !== record.address && records.address !== checked) {
      const cold = await findCold(engine, key, records.address);
      if (cold.address !== record.address) return false;
      checked = cold.from;
      continue;
    }
    if (where !== onDisk && (where === 0 || records.address !== record.address)) return false;
    // Whatever was deleted lies below the new beginning, and so is gone with it.
    if (isDeletion) return false;
    if (records.copyToTail(key, value)) return true;
    await engine.room();
  }
}

/** Frees the index entries that point below the beginning, some at a time. */
export async function sweepIndex({ index, memory }: Engine): Promise<void> {
  while (index.growing) {
    index.grow(bucketsPerTurn);
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
  index.held++;
  try {
    for (let from = 0; from < index.buckets; from += bucketsPerTurn) {
      index.sweep(from, from + bucketsPerTurn, memory.begin);
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
  } finally {
    index.held--;
  }
}

const bucketsPerTurn = 4_096;
