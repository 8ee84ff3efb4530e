/**
 * How a log looks on disk: one record per text line, after the Kubernetes CRI format:
 *
 *     2026-11-21T09:40:27.123Z api-7f3k stdout F the message, byte for byte
 *
 * The tag says which part of the program's line the record holds: `F` all of it, `P` its first part, `C` a part in the
 * middle, `E` its end. Parts of one line share instance and stream; records of others may lie between them. An `E` without
 * a message ends a line whose writer has gone. A newline in the message is impossible, every other byte is kept as it came.
 */
export type Stream = "stdout" | "stderr";
export type Tag = "F" | "P" | "C" | "E";

export interface LogRecord {
  readonly time: string;
  readonly instance: string;
  readonly stream: Stream;
  readonly tag: Tag;
  /** A view into the buffer that was parsed. */
  readonly message: Buffer;
}

/** Longest name of an instance, so that a record's head is bounded. */
const maxInstanceBytes = 128;
/** Upper bound of what a record needs beside its message: the head and the newline. */
export const maxHeadBytes = 24 + maxInstanceBytes + 12;

export const newline = 0x0a;

/** The bytes before a message, with its tag still to be filled in at the last place but one. */
export function recordHead(timeMs: number, instance: string, stream: Stream): Buffer {
  return Buffer.from(`${new Date(timeMs).toISOString()} ${instance} ${stream} F `, "latin1");
}

/** A whole record. Newlines in the text are the caller's to split at. */
export function formatRecord(timeMs: number, instance: string, stream: Stream, tag: Tag, text: string): Buffer {
  return Buffer.from(`${new Date(timeMs).toISOString()} ${instance} ${stream} ${tag} ${text}\n`);
}

/** Reads the record between two offsets, its newline excluded; `undefined` when it is none, after a power loss for one. */
export function parseRecord(buffer: Buffer, start: number, end: number): LogRecord | undefined {
  const instanceStart = start + timeBytes + 1;
  if (end < instanceStart || buffer[start + timeBytes] !== space || buffer[start + timeBytes - 1] !== zulu)
    return undefined;
  const instanceEnd = buffer.indexOf(space, instanceStart);
  const streamEnd = instanceEnd + 1 + streamBytes;
  if (instanceEnd < 0 || streamEnd + 3 > end) return undefined;
  const stream = buffer.toString("latin1", instanceEnd + 1, streamEnd);
  const tag = tags.get(buffer[streamEnd + 1] ?? 0);
  if ((stream !== "stdout" && stream !== "stderr") || tag === undefined || buffer[streamEnd + 2] !== space)
    return undefined;
  return {
    time: buffer.toString("latin1", start, start + timeBytes),
    instance: buffer.toString("latin1", instanceStart, instanceEnd),
    stream,
    tag,
    message: buffer.subarray(streamEnd + 3, end),
  };
}

/** Throws for a name that would break the format; instances are named by the kernel. */
export function checkInstance(instance: string): void {
  if (!/^[\x21-\x7e]+$/.test(instance) || instance.length > maxInstanceBytes) {
    throw new RangeError(
      `an instance's name must be 1 to ${maxInstanceBytes} visible ASCII characters, got ${JSON.stringify(instance)}`,
    );
  }
}

const timeBytes = 24;
const streamBytes = 6;
const space = 0x20;
const zulu = 0x5a;
const tags = new Map<number, Tag>([
  [0x46, "F"],
  [0x50, "P"],
  [0x43, "C"],
  [0x45, "E"],
]);
