import { StoreError } from "../error.ts";
import { findBoundary } from "./find-boundary.ts";
import type { Iterators } from "./iterators.ts";
import type { ReadableLog } from "./log-reader.ts";
import type { MetadataFile } from "./metadata-file.ts";
import type { Point } from "./metadata-format.ts";

/** Where an open log begins, and how that moves: one truncation after the other, each durable before files are deleted. */
export class Truncation {
  readonly #metadata: MetadataFile;
  readonly #iterators: Iterators;
  #begin: Point;
  #noted = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(metadata: MetadataFile, iterators: Iterators) {
    this.#metadata = metadata;
    this.#iterators = iterators;
    this.#begin = metadata.current.begin;
  }

  get begin(): Point {
    return this.#begin;
  }

  /** Truncates for the next commit. */
  note(address: number): void {
    this.#noted = Math.max(this.#noted, address);
  }

  /** What was noted happens now; `undefined` when there is nothing. */
  perform(log: ReadableLog): Promise<number> | undefined {
    if (this.#noted <= this.#begin.address) return undefined;
    const address = Math.min(this.#noted, log.committed().address);
    this.#noted = 0;
    return this.before(log, address);
  }

  /** Truncates to the entry that an address lies in. After a rejection with anything but `corrupt` the log is poisoned. */
  before(log: ReadableLog, address: number): Promise<number> {
    const change = this.#last.then(() => this.#truncate(log, address));
    this.#last = change.catch(() => undefined);
    return change;
  }

  /** Resolves when no truncation is going on. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #truncate(log: ReadableLog, address: number): Promise<number> {
    const point = await findBoundary(log, address, "before");
    if (point.address <= this.#begin.address) return this.#begin.address;
    const { durable } = this.#metadata.current;
    // Recovery may pass over entries that told where the iterators are.
    const iterators = new Map(this.#iterators.positions);
    try {
      await this.#metadata.save({
        begin: point,
        durable: durable.address < point.address ? point : durable,
        iterators,
      });
      this.#begin = point;
      await log.segments.removeBefore(point.address);
    } catch (error) {
      throw StoreError.fromFile("truncating the log", error);
    }
    return point.address;
  }
}
