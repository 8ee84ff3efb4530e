import type { FileSystem, StoreFile } from "../../store/file/index.ts";

const chunkBytes = 262_144;
/** Above every record that the trail writes. */
const longestLineBytes = 65_536;
const newline = 0x0a;

/** A line of a file, or what lies behind its last one. */
export interface FileLine {
  readonly text: string;
  /** Behind its newline; for a rest, behind its last byte. */
  readonly end: number;
  /** Set for bytes without a newline: what a crash tore, or room made ahead, which is zeros. */
  readonly rest?: "torn" | "room";
}

/**
 * The lines of a segment (ASCII, so a byte is a character) from a position on, and what lies behind the last one. A line beyond every bound ends it as torn.
 * @param to where to stop, as if the file ended there
 */
export function* fileLines(file: StoreFile, from = 0, to = file.size()): Generator<FileLine> {
  let held = Buffer.alloc(0);
  let at = from;
  for (let position = from; position < to; ) {
    const chunk = Buffer.alloc(Math.min(chunkBytes, to - position));
    const count = file.readSync(chunk, position);
    if (count === 0) break;
    position += count;
    held = held.length === 0 ? chunk.subarray(0, count) : Buffer.concat([held, chunk.subarray(0, count)]);
    let start = 0;
    for (let end = held.indexOf(newline); end >= 0; end = held.indexOf(newline, start)) {
      at += end + 1 - start;
      yield { text: held.toString("latin1", start, end), end: at };
      start = end + 1;
    }
    held = held.subarray(start);
    if (held.length <= longestLineBytes) continue;
    const used = lastUsed(file, at, to);
    if (used > at) yield { text: "", end: used, rest: "torn" };
    else yield { text: "", end: to, rest: "room" };
    return;
  }
  if (held.length > 0)
    yield { text: "", end: at + held.length, rest: held.every((byte) => byte === 0) ? "room" : "torn" };
}

/** Reads a file that may be gone by now: then there are no lines. */
export function* linesOf(files: FileSystem, path: string, from?: number, to?: number): Generator<FileLine> {
  const file = files.open(path, "read");
  try {
    yield* fileLines(file, from, to);
  } finally {
    file.close();
  }
}

/** Behind the last byte that isn't zero, from a position on. */
export function lastUsed(file: StoreFile, from: number, to = file.size()): number {
  let used = from;
  for (let position = from; position < to; ) {
    const chunk = Buffer.alloc(Math.min(chunkBytes, to - position));
    const count = file.readSync(chunk, position);
    if (count === 0) break;
    for (let index = count - 1; index >= 0; index--) {
      if (chunk[index] === 0) continue;
      used = position + index + 1;
      break;
    }
    position += count;
  }
  return used;
}

/** Lines that are looked at in one go, some milliseconds, before {@link otherWork} gets its turn. */
export const linesAtOnce = 500;

/** Lets the event loop see to everything else once. */
export function otherWork(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
