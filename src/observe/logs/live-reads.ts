import type { PlacedRecord } from "./record-reader.ts";

/** Records that lie one behind the other, and where the next one is. */
export interface ReadBlock {
  readonly records: readonly PlacedRecord[];
  readonly end: number;
}

/** What was read last of a log, for all that follow it: when it gets longer, each of them wants the same. */
export class LiveReads {
  /** By where they begin, oldest first. */
  readonly #blocks = new Map<number, ReadBlock>();
  #bytes = 0;
  #end: number | undefined;
  #generation = 0;
  /** Whether it is worth while to keep something: who is alone reads everything once. */
  isShared = false;

  /** Another number when the log is another one, because its service was removed. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether nothing lay behind a position when somebody looked, and the log has not grown since. */
  isEnd(position: number): boolean {
    return this.#end === position;
  }

  foundEnd(position: number): void {
    this.#end = position;
  }

  grown(): void {
    this.#end = undefined;
  }

  /** What somebody else has read from a position on. */
  from(position: number): ReadBlock | undefined {
    return this.#blocks.get(position);
  }

  keep(position: number, block: ReadBlock): void {
    if (!this.isShared) return;
    this.#bytes += block.end - (this.#blocks.get(position)?.end ?? position);
    this.#blocks.set(position, block);
    for (const [oldest, { end }] of this.#blocks) {
      if (this.#bytes <= keptBytes) return;
      this.#blocks.delete(oldest);
      this.#bytes -= end - oldest;
    }
  }

  /** The log begins anew. */
  clear(): void {
    this.#blocks.clear();
    this.#bytes = 0;
    this.#end = undefined;
    this.#generation += 1;
  }
}

/** Who is slower than that by more reads for itself. */
const keptBytes = 262_144;
