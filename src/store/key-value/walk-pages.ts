import { StoreError } from "../error.ts";
import { headerWords, kindMask, previousHigh, sizeWord } from "../hybrid-log/layout.ts";
import { blockIsSound, firstBlock, readSeal } from "../hybrid-log/page-seal.ts";
import type { Engine } from "./engine.ts";

/** A record of a page that was copied: its address, its first word in the copy, its kind and its size in units. */
export interface PageRecord {
  readonly address: number;
  readonly at: number;
  readonly kind: number;
  readonly size: number;
}

/** A copy of one page's part of the log. */
export interface PageCopy {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly records: readonly PageRecord[];
}

/**
 * Copies of the log's pages between two addresses, from memory or verified from disk, while the log goes on. Nothing
 * between them may be deleted meanwhile.
 */
export async function* walkPages(engine: Engine, from: number, to: number): AsyncGenerator<PageCopy> {
  const { memory } = engine;
  const { pageUnits, dataUnits, pageBytes } = memory.geometry;
  for (let address = from; address < to; ) {
    const page = memory.pageOf(address);
    const start = page * pageUnits;
    const end = Math.min(to, start + dataUnits);
    const bytes = new Uint8Array(pageBytes);
    if (start >= memory.head) bytes.set(memory.page(page));
    else await readPage(engine, page, bytes);
    const words = new Int32Array(bytes.buffer);
    yield { bytes, words, records: recordsOf(words, start, address, end) };
    address = start + pageUnits;
  }
}

async function readPage(engine: Engine, page: number, bytes: Uint8Array): Promise<void> {
  const { blockBytes, pageBytes, pageUnits } = engine.memory.geometry;
  const count = await engine.logFiles.read(page * pageUnits, bytes);
  const last = pageBytes - blockBytes;
  const seal = count === pageBytes ? readSeal(bytes.subarray(last), page) : undefined;
  for (let at = firstBlock(page, engine.memory); at < last; at += blockBytes) {
    if (seal !== undefined && blockIsSound(bytes.subarray(at, at + blockBytes), seal, at / blockBytes)) continue;
    throw new StoreError("corrupt", `the log at byte ${page * pageBytes + at} isn't what was written there`);
  }
}

function recordsOf(words: Int32Array, pageStart: number, from: number, to: number): PageRecord[] {
  const records: PageRecord[] = [];
  for (let address = from; (to - address) * 2 >= headerWords; ) {
    const at = (address - pageStart) * 2;
    const size = words[at + sizeWord] ?? 0;
    if (size * 2 < headerWords) break;
    records.push({ address, at, kind: (words[at + previousHigh] ?? 0) & kindMask, size });
    address += size;
  }
  return records;
}
