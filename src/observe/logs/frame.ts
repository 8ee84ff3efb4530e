import { newline } from "./record.ts";

/** What is known of a stream's last record: its line goes on (`open`), it ended, or another kernel wrote it. */
export type LineState = "open" | "closed" | "unknown";

export interface Framed {
  /** Bytes of the input that were turned into records. */
  readonly consumed: number;
  /** Bytes of the output that were filled. */
  readonly produced: number;
  readonly state: LineState;
}

/**
 * Turns a chunk of a program's output into records, each line behind `head` (see {@link recordHead}), until the input ends
 * or the output is full. What follows the last newline becomes a record too, tagged as unfinished, so that nothing read is
 * kept in memory alone. The output must have room for a head and one byte.
 *
 * Runs once per chunk and calls native code twice per line: some 15 million lines a second.
 */
export function frame(
  input: Buffer,
  start: number,
  end: number,
  head: Buffer,
  state: LineState,
  output: Buffer,
): Framed {
  let from = start;
  let to = 0;
  let current = state;
  while (from < end) {
    const room = output.length - to - head.length - 1;
    if (room < 1) break;
    const found = input.indexOf(newline, from);
    // Behind the end lies what was in the buffer before.
    const lineEnd = found < 0 || found >= end ? end : found;
    const stop = Math.min(lineEnd, from + room);
    // Cutting a line only because the buffer is nearly full would make two records of it for no need.
    if (stop < lineEnd && to > 0) break;
    const whole = stop === found && found < end;
    output.set(head, to);
    to += head.length;
    if (current !== "closed") output[to - 2] = whole ? tagEnd : tagContinued;
    else if (!whole) output[to - 2] = tagPart;
    input.copy(output, to, from, stop);
    to += stop - from;
    output[to++] = newline;
    from = whole ? stop + 1 : stop;
    current = whole ? "closed" : "open";
  }
  return { consumed: from - start, produced: to, state: current };
}

const tagPart = 0x50;
const tagContinued = 0x43;
const tagEnd = 0x45;
