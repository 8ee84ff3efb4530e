import { headerBytes, kindCommit, kindMask, previousHigh, sizeWord, valueLengthWord } from "./layout.ts";

/**
 * A commit is a record of the log. It vouches for everything since the commit before it: recovery takes over the operations
 * up to the last commit whose checksums hold, and none behind it.
 */
export interface Commit {
  /** Where the record itself lies, and where the part that it vouches for begins (behind the commit before). */
  readonly address: number;
  readonly from: number;
  /** Counts everything that made a state durable; the highest is the newest. */
  readonly generation: number;
  /** Checksum of the log between `from` and `address`; see {@link ChainHash}. */
  readonly hashLow: number;
  readonly hashHigh: number;
  readonly version: number;
  /** Buckets of the index, so that recovery can begin with as many. */
  readonly buckets: number;
  /** Random number of the store that wrote it. */
  readonly store: number;
  /** Serials of the sessions that did something since the commit before. */
  readonly sessions: ReadonlyMap<string, number>;
}

/** Words of a commit's value before the sessions. */
const fixedBytes = 64;
const magic = 0x544d4f43;

/** Longest name of a session, in bytes. */
export const maxSessionNameBytes = 128;
/** A session's share of a commit's value at most: a length, a name, a serial. */
export const sessionEntryBytes = 2 + maxSessionNameBytes + 8;

export function commitBytes(sessions: ReadonlyMap<string, number>): number {
  let bytes = headerBytes + fixedBytes;
  for (const name of sessions.keys()) bytes += 10 + Buffer.byteLength(name);
  return bytes;
}

/** Writes a commit into the memory of its record, whose size is a multiple of 8. */
export function writeCommit(record: Uint8Array, commit: Commit): void {
  record.fill(0);
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  view.setInt32(previousHigh * 4, kindCommit, true);
  view.setInt32(2 * 4, commit.version, true);
  view.setInt32(valueLengthWord * 4, record.byteLength - headerBytes, true);
  view.setInt32(sizeWord * 4, record.byteLength / 8, true);
  const value = headerBytes;
  view.setUint32(value, magic, true);
  view.setUint32(value + 8, commit.hashLow, true);
  view.setUint32(value + 12, commit.hashHigh, true);
  view.setFloat64(value + 16, commit.address, true);
  view.setFloat64(value + 24, commit.from, true);
  view.setFloat64(value + 32, commit.generation, true);
  view.setFloat64(value + 40, commit.store, true);
  view.setUint32(value + 48, commit.buckets, true);
  view.setUint32(value + 52, commit.sessions.size, true);
  let at = value + fixedBytes;
  for (const [name, serial] of commit.sessions) {
    const { written } = encoder.encodeInto(name, record.subarray(at + 2));
    view.setUint16(at, written, true);
    view.setFloat64(at + 2 + written, serial, true);
    at += 10 + written;
  }
  view.setUint32(value + 4, Bun.hash.crc32(record), true);
}

/**
 * The commit in a record, or `undefined` when it isn't one that was written by `store`, by any if that isn't known, for this
 * very address.
 */
export function readCommit(record: Uint8Array, address: number, store: number | undefined): Commit | undefined {
  if (record.byteLength < headerBytes + fixedBytes) return undefined;
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const value = headerBytes;
  if ((view.getInt32(previousHigh * 4, true) & kindMask) !== kindCommit || view.getUint32(value, true) !== magic) {
    return undefined;
  }
  const bare = record.slice();
  bare.fill(0, value + 4, value + 8);
  if (Bun.hash.crc32(bare) !== view.getUint32(value + 4, true)) return undefined;
  const owner = view.getFloat64(value + 40, true);
  if (view.getFloat64(value + 16, true) !== address || (store !== undefined && owner !== store)) return undefined;
  return {
    address,
    from: view.getFloat64(value + 24, true),
    generation: view.getFloat64(value + 32, true),
    hashLow: view.getUint32(value + 8, true),
    hashHigh: view.getUint32(value + 12, true),
    version: view.getInt32(2 * 4, true),
    buckets: view.getUint32(value + 48, true),
    store: owner,
    sessions: readSessions(record, view, value + fixedBytes, view.getUint32(value + 52, true)),
  };
}

function readSessions(record: Uint8Array, view: DataView, start: number, count: number): Map<string, number> {
  const sessions = new Map<string, number>();
  let at = start;
  for (let index = 0; index < count; index++) {
    const length = view.getUint16(at, true);
    const name = decoder.decode(record.subarray(at + 2, at + 2 + length));
    sessions.set(name, view.getFloat64(at + 2 + length, true));
    at += 10 + length;
  }
  return sessions;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
