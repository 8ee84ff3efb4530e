import type { FileSystem } from "../../store/file/index.ts";
import type { TrailHead } from "./head-file.ts";
import { fileLines, lastUsed, linesOf } from "./lines.ts";
import { type ChainPoint, follows, genesis, parseLine } from "./record.ts";
import { listSegments, type Segment } from "./segments.ts";

/** Where a trail goes on. */
export interface Recovered {
  readonly point: ChainPoint;
  /** The segment to go on in; absent: a new one is begun. */
  readonly segment?: Segment & { readonly end: number };
  /** Why the records can't be what was acknowledged; null when they are. */
  readonly damage: string | null;
}

/**
 * Finds the end of what was acknowledged, goes on over whole records that a crash left behind it, and takes away what it
 * tore. Files that are not as they should be are left as they are: the trail goes on in a new one.
 */
export async function recover(files: FileSystem, folder: string, head: TrailHead | undefined): Promise<Recovered> {
  const segments = listSegments(files, folder);
  if (head === undefined) return withoutHead(files, segments);
  const none: Position = { segment: undefined, end: 0, point: genesis };
  if (head.sequence === 0) return await goOn(files, none, segments);
  const segment = segments.find(({ first }) => first === head.segment);
  if (segment === undefined || !holds(files, segment, head)) {
    const point = { sequence: Math.max(head.sequence, segments.at(-1)?.first ?? 0), hash: head.hash };
    return { point, damage: `record ${head.sequence}, the last acknowledged one, is not in its place` };
  }
  const point = { sequence: head.sequence, hash: head.hash };
  return await goOn(files, { segment, end: head.end, point }, segments);
}

/** A trail is begun with a head: without one, it was taken away. */
function withoutHead(files: FileSystem, segments: readonly Segment[]): Recovered {
  const last = segments.at(-1);
  if (last === undefined) return { point: genesis, damage: null };
  let point: ChainPoint = { sequence: last.first, hash: genesis.hash };
  for (const { text, rest } of linesOf(files, last.path)) {
    const line = rest === undefined ? parseLine(text) : undefined;
    if (line !== undefined && line.sequence >= point.sequence) point = { sequence: line.sequence, hash: line.hash };
  }
  return { point, damage: "the head of the chain is missing: nobody can tell whether records were cut off" };
}

function holds(files: FileSystem, { path }: Segment, head: TrailHead): boolean {
  const file = files.open(path, "read");
  try {
    const from = Math.max(0, head.end - longestLine);
    const [last] = [...fileLines(file, from, head.end)].slice(-1);
    const line = last === undefined || last.rest !== undefined ? undefined : parseLine(last.text);
    return line?.sequence === head.sequence && line.hash === head.hash;
  } finally {
    file.close();
  }
}

async function goOn(files: FileSystem, known: Position, segments: readonly Segment[]): Promise<Recovered> {
  let at = known.segment === undefined ? known : follow(files, { ...known, segment: known.segment });
  for (const segment of segments.filter(({ first }) => first > (known.segment?.first ?? 0))) {
    const next = segment.first === at.point.sequence + 1 ? follow(files, { ...at, segment, end: 0 }) : undefined;
    if (next !== undefined && next.end > 0) at = next;
    // Its first commit was never acknowledged.
    else await files.remove(segment.path);
  }
  if (at.segment === undefined) return { point: at.point, damage: null };
  await clear(files, at.segment.path, at.end);
  return { point: at.point, segment: { ...at.segment, end: at.end }, damage: null };
}

interface Position {
  readonly segment: Segment | undefined;
  readonly end: number;
  readonly point: ChainPoint;
}

/** As far as whole records follow one another in a file. */
function follow(files: FileSystem, start: Position & { readonly segment: Segment }): Position {
  let { end, point } = start;
  for (const line of linesOf(files, start.segment.path, start.end)) {
    const record = line.rest === undefined ? parseLine(line.text) : undefined;
    if (record === undefined || !follows(point, record)) break;
    point = { sequence: record.sequence, hash: record.hash };
    end = line.end;
  }
  return { segment: start.segment, end, point };
}

/** Makes zeros of what a crash tore, so that the room stays. */
async function clear(files: FileSystem, path: string, from: number): Promise<void> {
  const file = files.open(path, "write");
  try {
    const used = lastUsed(file, from);
    if (used > from) await file.write(new Uint8Array(used - from), from);
    await file.sync();
  } finally {
    file.close();
  }
}

/** Twice the longest that is written. */
const longestLine = 65_536;
