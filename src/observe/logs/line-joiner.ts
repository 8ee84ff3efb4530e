import type { LogLine } from "../../api/index.ts";
import type { Stream } from "./record.ts";
import type { PlacedRecord } from "./record-reader.ts";

/** A line as the program wrote it, put together again from its records. */
export interface JoinedLine {
  readonly time: string;
  readonly instance: string;
  readonly stream: Stream;
  readonly message: Buffer;
  /** The position after its last record, or of all that was read when it was given out unfinished. */
  readonly end: number;
  /** Where to read on from after this line; see {@link parseCursor}. */
  readonly cursor: string;
  /** False when its beginning lies before the place where reading began. */
  readonly whole: boolean;
  /** What readers are told of it: made for the first of them. */
  document?: LogLine;
}

interface PendingLine {
  readonly time: string;
  readonly instance: string;
  readonly stream: Stream;
  readonly start: number;
  readonly whole: boolean;
  readonly parts: Buffer[];
  bytes: number;
  touchedMs: number;
}

/**
 * Puts lines together from records, in the order in which they end. A line longer than {@link maxLineBytes} comes in
 * pieces of about that length.
 */
export class LineJoiner {
  readonly #pending = new Map<string, PendingLine>();
  #pendingBytes = 0;
  #end = 0;

  get hasPending(): boolean {
    return this.#pending.size > 0;
  }

  /** Takes the next record; returns the line that it completes, if any. */
  add(placed: PlacedRecord, nowMs: number): JoinedLine | undefined {
    const { record, start, end } = placed;
    const { time, instance, stream, tag, message } = record;
    this.#end = end;
    if (tag === "F") {
      // Its cursor tells of lines that this reader has in part.
      if (this.hasPending) return { time, instance, stream, message, end, cursor: this.#cursor(end), whole: true };
      placed.line ??= { time, instance, stream, message, end, cursor: String(end), whole: true };
      return placed.line;
    }
    const key = `${instance} ${stream}`;
    const known = this.#pending.get(key);
    // A second beginning: the first line's end was lost with the machine's power.
    const interrupted = tag === "P" && known !== undefined ? this.#complete(key, known) : undefined;
    const line = interrupted === undefined ? known : undefined;
    if (line === undefined && tag === "E" && message.length === 0) return undefined;
    const pending = line ?? {
      time,
      instance,
      stream,
      start,
      whole: tag === "P",
      parts: [],
      bytes: 0,
      touchedMs: nowMs,
    };
    if (line === undefined) this.#pending.set(key, pending);
    pending.parts.push(Buffer.from(message));
    pending.bytes += message.length;
    pending.touchedMs = nowMs;
    this.#pendingBytes += message.length;
    const tooLong = pending.bytes >= maxLineBytes || this.#pendingBytes >= maxPendingBytes;
    return interrupted ?? (tag === "E" || tooLong ? this.#complete(key, pending) : undefined);
  }

  /** Gives out unfinished lines that nothing was added to since a moment (all of them by default), as they stand. */
  flush(untouchedSinceMs = Number.POSITIVE_INFINITY): JoinedLine[] {
    const lines: JoinedLine[] = [];
    for (const [key, pending] of [...this.#pending]) {
      if (pending.touchedMs <= untouchedSinceMs) lines.push(this.#complete(key, pending));
    }
    return lines;
  }

  #complete(key: string, pending: PendingLine): JoinedLine {
    this.#pending.delete(key);
    this.#pendingBytes -= pending.bytes;
    const { time, instance, stream, whole, parts } = pending;
    const end = this.#end;
    return { time, instance, stream, message: Buffer.concat(parts), end, cursor: this.#cursor(end), whole };
  }

  #cursor(end: number): string {
    let from = end;
    for (const { start } of this.#pending.values()) from = Math.min(from, start);
    return from === end ? String(end) : `${end}.${from}`;
  }
}

/**
 * A cursor is the position after a line. Where unfinished lines of other streams lie before it, a dot and the position of
 * the first of these follow, so that whoever goes on from there gets them whole. `undefined` when the text is no cursor.
 */
export function parseCursor(cursor: string): { readonly after: number; readonly from: number } | undefined {
  const match = /^(\d{1,16})(?:\.(\d{1,16}))?$/.exec(cursor);
  if (!match) return undefined;
  const after = Number(match[1]);
  return { after, from: Math.min(after, Number(match[2] ?? after)) };
}

/** A reader gets longer lines in pieces. */
export const maxLineBytes = 4_194_304;
/** All unfinished lines of a log that one reader keeps. */
const maxPendingBytes = 16_777_216;
