import { SoloError } from "../../api/error.ts";
import type { DurableLog } from "../../store/index.ts";
import { stateFailure } from "../failure/index.ts";
import type { DiskTable } from "./disk-table.ts";
import type { PositionIndex } from "./position-index.ts";
import { followRecords, recordsFrom } from "./records.ts";
import type { LogRecord } from "./types.ts";

export interface HistoryParts {
  readonly log: DurableLog;
  readonly disk: DiskTable;
  readonly index: PositionIndex;
  readonly position: number;
  /** Of the oldest record in the log. */
  readonly begin: number | undefined;
  /** Of the last record that is gone; 0 when the log has all. */
  readonly goneUntil: number;
}

/** The records that a state's log still has. */
export class StateHistory {
  readonly #parts: HistoryParts;
  #begin: number | undefined;
  /** Position of the last record that is gone. */
  #goneUntil: number;

  constructor(parts: HistoryParts) {
    const { begin, goneUntil } = parts;
    this.#parts = parts;
    this.#begin = begin;
    this.#goneUntil = goneUntil;
  }

  /** Position of the oldest record; 0 when there is none. */
  get begin(): number {
    return this.#begin ?? 0;
  }

  /** Notes a record that was appended. */
  appended(position: number, address: number): void {
    this.#begin ??= position;
    this.#parts.index.note(position, address);
  }

  /** Durable records after a position, to the present end. */
  async *after(position: number): AsyncGenerator<LogRecord> {
    this.#check(position);
    try {
      await this.#parts.log.commit();
      for await (const { record } of recordsFrom(this.#parts.log, this.#addressBehind(position), position))
        yield record;
    } catch (error) {
      throw stateFailure(error);
    }
  }

  /** The same, and then each record when it is durable, until the signal aborts or the log is closed. */
  async *follow(position: number, signal: AbortSignal | undefined): AsyncGenerator<LogRecord> {
    this.#check(position);
    const from = this.#addressBehind(position);
    try {
      for await (const { record } of followRecords(this.#parts.log, from, position, signal)) yield record;
    } catch (error) {
      throw stateFailure(error);
    }
  }

  /** Forgets records before a position, as far as the table on disk has them. Returns where history begins now, if anywhere. */
  async truncate(before: number): Promise<number | undefined> {
    const { log, disk, index } = this.#parts;
    const limit = Math.min(before, disk.mark.position + 1);
    let address = Math.min(disk.mark.address, log.committed);
    let first: number | undefined;
    for await (const placed of recordsFrom(log, this.#addressBehind(limit - 1), limit - 1)) {
      address = Math.min(address, placed.address);
      first = placed.record.position;
      break;
    }
    await log.truncateBefore(address);
    index.forgetBefore(address);
    this.#goneUntil = Math.max(this.#goneUntil, limit - 1);
    this.#begin = first;
    return first;
  }

  #addressBehind(position: number): number {
    return Math.max(this.#parts.index.before(position), this.#parts.log.begin);
  }

  #check(after: number): void {
    if (after >= this.#goneUntil) return;
    throw new SoloError(
      "conflict",
      `the history after position ${after} is gone: it begins behind ${this.#goneUntil}`,
      {
        hint: "read the whole state first, then follow from its position",
      },
    );
  }
}
