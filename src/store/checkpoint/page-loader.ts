import { StoreError } from "../error.ts";
import { unitBytes } from "../hybrid-log/layout.ts";
import type { LogFiles } from "../hybrid-log/log-files.ts";
import type { LogMemory } from "../hybrid-log/log-memory.ts";
import { blockIsSound, firstBlock, readSeal } from "../hybrid-log/page-seal.ts";

/** Reads pages of the log into the places in memory that are theirs, and knows which are there. */
export class PageLoader {
  readonly #memory: LogMemory;
  readonly #files: LogFiles;
  readonly #resident: number[];
  readonly #ends: number[];
  /** While true, whoever loads a whole page has the next one read meanwhile, in the place of the oldest. */
  readsAhead = false;
  #ahead: Promise<void> | undefined;

  constructor(memory: LogMemory, files: LogFiles) {
    this.#memory = memory;
    this.#files = files;
    this.#resident = new Array<number>(memory.pages).fill(-1);
    this.#ends = new Array<number>(memory.pages).fill(0);
  }

  has(page: number): boolean {
    return this.#resident[this.#place(page)] === page;
  }

  /** The address behind the last unit of a page that the files have; the page is in memory then. */
  async load(page: number): Promise<number> {
    await this.#ahead;
    if (!this.has(page)) await this.#read(page);
    const end = this.#ends[this.#place(page)] ?? 0;
    const isWhole = end === (page + 1) * this.#memory.geometry.pageUnits;
    // A failure is met again by whoever loads the page.
    if (this.readsAhead && isWhole && (this.#resident[this.#place(page + 1)] ?? -1) <= page)
      this.#ahead = this.#read(page + 1).catch(() => {});
    return end;
  }

  /** Ends reading ahead. From here on no page changes but those that are asked for. */
  async settle(): Promise<void> {
    this.readsAhead = false;
    await this.#ahead;
    this.#ahead = undefined;
  }

  async #read(page: number): Promise<void> {
    const place = this.#place(page);
    const bytes = this.#memory.page(page);
    this.#resident[place] = -1;
    const start = page * this.#memory.geometry.pageUnits;
    const count = await this.#files.read(start, bytes);
    bytes.fill(0, count);
    this.#resident[place] = page;
    this.#ends[place] = start + Math.floor(count / unitBytes);
  }

  /** Counts a page as there: a snapshot has put it into memory. */
  placed(page: number, end: number): void {
    this.#resident[this.#place(page)] = page;
    this.#ends[this.#place(page)] = end;
  }

  #place(page: number): number {
    return page & (this.#memory.pages - 1);
  }

  /** Loads a complete page and checks all of it against its seal. */
  async loadSealed(page: number): Promise<void> {
    await this.load(page);
    const { geometry } = this.#memory;
    const { blockBytes, pageBytes } = geometry;
    const bytes = this.#memory.page(page);
    const last = pageBytes - blockBytes;
    const seal = readSeal(bytes.subarray(last), page);
    for (let at = firstBlock(page, this.#memory); at < last; at += blockBytes) {
      if (seal !== undefined && blockIsSound(bytes.subarray(at, at + blockBytes), seal, at / blockBytes)) continue;
      const byte = page * pageBytes + (seal === undefined ? last : at);
      throw new StoreError("corrupt", `the log at byte ${byte} isn't what was written there`);
    }
  }
}
