import { hashWord, kindData } from "../hybrid-log/layout.ts";
import type { LogMemory } from "../hybrid-log/log-memory.ts";
import type { Records } from "../key-value/records.ts";
import { FoundEntries } from "./found-entries.ts";
import type { PageLoader } from "./page-loader.ts";
import { walk } from "./scan-commits.ts";

/** Puts the records that recovery reads into the index. */
export class Linker {
  linked = 0;
  readonly #memory: LogMemory;
  readonly #records: Records;
  readonly #held = new FoundEntries();

  constructor(memory: LogMemory, records: Records) {
    this.#memory = memory;
    this.#records = records;
  }

  /** Remembers a record until {@link linkHeld}, or until {@link drop} if it turns out not to count. */
  hold(address: number, at: number): void {
    if (this.#held.count <= maxHeld) this.#held.add(this.#memory.words[at + hashWord] ?? 0, address);
  }

  drop(): void {
    this.#held.clear();
  }

  /** Links what is held: the records between two addresses. Were they too many to remember, they are read again. */
  async linkHeld(loader: PageLoader, from: number, to: number): Promise<void> {
    if (this.#held.count <= maxHeld) return this.#link(this.#held);
    this.drop();
    await this.linkBetween(loader, from, to);
  }

  /** Links the records between two addresses. */
  async linkBetween(loader: PageLoader, from: number, to: number): Promise<void> {
    const { words } = this.#memory;
    const found = new FoundEntries(batchSize);
    await walk(this.#memory, loader, from, to, {
      record: (address, at, kind) => {
        if (kind === kindData) found.add(words[at + hashWord] ?? 0, address);
        if (found.count === batchSize) this.#link(found);
        return true;
      },
    });
    this.#link(found);
  }

  /**
   * Some hundreds at a time, whose buckets are fetched first, because then the processor waits for memory once instead of for
   * each. Records of one hash come in the order of their addresses.
   */
  #link(found: FoundEntries): void {
    const { hashes, addresses, count } = found;
    for (let first = 0; first < count; first += batchSize) {
      const end = Math.min(first + batchSize, count);
      this.#records.index.touch(hashes, first, end);
      for (let at = first; at < end; at++) this.#records.link(hashes[at] ?? 0, addresses[at] ?? 0);
    }
    this.linked += count;
    found.clear();
  }
}

const batchSize = 512;
/** Records that are remembered, 12 bytes each. */
const maxHeld = 2 ** 18;
