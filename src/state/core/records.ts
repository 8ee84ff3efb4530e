import type { DurableLog, LogEntry } from "../../store/index.ts";
import { type DecodedEntry, EntryDecoder, entryKinds } from "./entry-format.ts";
import type { LogRecord, Mutation } from "./types.ts";

/** A record, and where the log goes on behind it. */
export interface PlacedRecord {
  readonly record: LogRecord;
  readonly address: number;
  readonly end: number;
}

/** Puts records together that are several entries of the log, and leaves out those of which the last part is missing. */
export class RecordAssembler {
  readonly #decoder = new EntryDecoder();
  #parts: Mutation[] | undefined;
  #position = 0;
  #address = 0;

  /** @returns the record that an entry completes, if it does */
  take(entry: LogEntry): PlacedRecord | undefined {
    return this.takeDecoded(this.#decoder.decode(entry.payload), entry);
  }

  takeDecoded(decoded: DecodedEntry, { address, end }: Pick<LogEntry, "address" | "end">): PlacedRecord | undefined {
    const { kind, position, time, origin, mutations } = decoded;
    if (kind === entryKinds.part || kind === entryKinds.last) {
      const begun = this.#parts !== undefined && this.#position === position;
      if (!begun) {
        this.#parts = [];
        this.#position = position;
        this.#address = address;
      }
      for (const mutation of mutations) this.#parts?.push(mutation);
      if (kind === entryKinds.part) return undefined;
      const all = this.#parts ?? [];
      this.#parts = undefined;
      return { record: { position, time, origin, mutations: all }, address: this.#address, end };
    }
    this.#parts = undefined;
    if (kind !== entryKinds.whole) return undefined;
    return { record: { position, time, origin, mutations }, address, end };
  }
}

/** Durable records from an address on that lie behind a position, to the end as it is when it is reached. */
export async function* recordsFrom(log: DurableLog, from: number, after: number): AsyncGenerator<PlacedRecord> {
  const assembler = new RecordAssembler();
  for await (const page of log.scanPages({ from })) {
    for (const entry of page) {
      const placed = assembler.take(entry);
      if (placed !== undefined && placed.record.position > after) yield placed;
    }
  }
}

/** The same, and then each record when it is durable. */
export async function* followRecords(
  log: DurableLog,
  from: number,
  after: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<PlacedRecord> {
  const assembler = new RecordAssembler();
  for await (const entry of log.follow({ from, ...(signal !== undefined && { signal }) })) {
    const placed = assembler.take(entry);
    if (placed !== undefined && placed.record.position > after) yield placed;
  }
}
