import { ChainHash } from "../hybrid-log/chain-hash.ts";
import { isSoundRecord } from "../hybrid-log/cold-reader.ts";
import { type Commit, readCommit } from "../hybrid-log/commit-record.ts";
import {
  headerWords,
  kindCommit,
  kindData,
  kindFiller,
  kindMask,
  previousHigh,
  sizeWord,
} from "../hybrid-log/layout.ts";
import type { LogMemory } from "../hybrid-log/log-memory.ts";
import type { PageLoader } from "./page-loader.ts";

export interface FoundCommit {
  readonly commit: Commit;
  /** Behind its record. */
  readonly end: number;
}

/**
 * Follows the log from behind one commit to the next and checks all between them; `undefined` when there is no whole one,
 * which is the log's end or damage.
 * @param onData told of every record of data on the way, whose first word in memory is `at`; only when there turns out to be a
 * commit behind it does it count
 */
export async function nextCommit(
  memory: LogMemory,
  loader: PageLoader,
  store: number | undefined,
  from: number,
  generation: number,
  onData: (address: number, at: number) => void = () => {},
): Promise<FoundCommit | undefined> {
  const hash = new ChainHash();
  let hashed = from;
  let found: FoundCommit | undefined;
  const visitor = {
    pageEnd(start: number, dataEnd: number, next: number) {
      hash.add(memory.range(Math.max(hashed, start), dataEnd));
      hashed = next;
    },
    record(address: number, at: number, kind: number, size: number) {
      if (kind === kindData) {
        if (!isSoundRecord(memory.words, at)) return false;
        onData(address, at);
        return true;
      }
      if (kind === kindFiller) return true;
      if (kind !== kindCommit) return false;
      const commit = readCommit(memory.range(address, address + size), address, store);
      if (commit === undefined || commit.from !== from || commit.generation <= generation) return false;
      hash.add(memory.range(hashed, address));
      if (commit.hashLow === hash.low && commit.hashHigh === hash.high) found = { commit, end: address + size };
      return false;
    },
  };
  await walk(memory, loader, from, Number.POSITIVE_INFINITY, visitor);
  return found;
}

export interface RecordVisitor {
  /** A page's records are over. `dataEnd` is behind its last unit for records, `next` the next page's start. */
  pageEnd?(start: number, dataEnd: number, next: number): void;
  /** `at` is the record's first word in memory. Returns whether to go on. */
  record(address: number, at: number, kind: number, size: number): boolean;
}

/** Visits the records from an address on until `end`, a visitor's no, or bytes that can't be a record. */
export async function walk(
  memory: LogMemory,
  loader: PageLoader,
  from: number,
  end: number,
  visitor: RecordVisitor,
): Promise<void> {
  const { pageUnits, dataUnits } = memory.geometry;
  const { words } = memory;
  for (let address = from; address < end; ) {
    const page = memory.pageOf(address);
    const start = page * pageUnits;
    const dataEnd = start + dataUnits;
    const limit = Math.min(await loader.load(page), dataEnd);
    while (address < end && (dataEnd - address) * 2 >= headerWords) {
      const at = memory.at(address);
      const size = address + 4 <= limit ? (words[at + sizeWord] ?? 0) : 0;
      if (size * 2 < headerWords || address + size > limit) return;
      if (!visitor.record(address, at, (words[at + previousHigh] ?? 0) & kindMask, size)) return;
      address += size;
    }
    if (address >= end) return;
    if ((dataEnd - address) * 2 < headerWords) {
      if (limit < dataEnd) return;
      visitor.pageEnd?.(start, dataEnd, start + pageUnits);
      address = start + pageUnits;
    }
  }
}

/**
 * A whole commit behind the place where the log stopped making sense, that vouches for something later than it: proof that
 * the damage isn't a torn end. `undefined` when there is none.
 * @param least the files reach up to here, be there a segment missing on the way
 */
export async function laterCommit(
  memory: LogMemory,
  loader: PageLoader,
  store: number,
  broken: number,
  least = 0,
): Promise<Commit | undefined> {
  const { pageUnits, dataUnits } = memory.geometry;
  const { words } = memory;
  for (let page = memory.pageOf(broken); ; page++) {
    const end = await loader.load(page);
    if (end <= page * pageUnits && end >= least) return undefined;
    const limit = Math.min(end, page * pageUnits + dataUnits);
    for (let address = Math.max(broken, page * pageUnits); address + 12 <= limit; address++) {
      const at = memory.at(address);
      if (((words[at + previousHigh] ?? 0) & kindMask) !== kindCommit) continue;
      const size = words[at + sizeWord] ?? 0;
      if (size < 12 || address + size > limit) continue;
      const commit = readCommit(memory.range(address, address + size), address, store);
      if (commit !== undefined && commit.from > broken) return commit;
    }
  }
}
