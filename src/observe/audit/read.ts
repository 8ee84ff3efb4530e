import type { FileSystem } from "../../store/file/index.ts";
import { linesAtOnce, linesOf, otherWork } from "./lines.ts";
import { type AuditLine, type ChainPoint, parseLine } from "./record.ts";
import { listSegments, type Segment } from "./segments.ts";

/** Which records are asked for; what is left out doesn't matter. */
export interface AuditRequest {
  readonly tenant?: string | undefined;
  readonly actor?: string | undefined;
  readonly operation?: string | undefined;
  readonly subject?: string | undefined;
  /** From this moment on, RFC 3339 in UTC with milliseconds. */
  readonly since?: string | undefined;
  /** Behind this sequence. */
  readonly after?: number | undefined;
  /** Only the last so many. */
  readonly tail?: number | undefined;
  readonly follow?: boolean | undefined;
}

export interface TrailSource {
  readonly files: FileSystem;
  readonly folder: string;
  /** Where the acknowledged records end; without, all that is there is read. */
  readonly until: () => { readonly segment: number; readonly end: number } | undefined;
  /** The last acknowledged record. */
  readonly point: () => ChainPoint | undefined;
}

/** How far a trail was read: the reader moves it, and goes on from it. */
export interface TrailCursor {
  /** The first sequence of a segment. */
  segment: number;
  /** A position in its file, behind a line. */
  end: number;
}

/** Records that match, oldest first. Gives way to other work now and then. */
export async function* readTrail(
  source: TrailSource,
  request: AuditRequest,
  cursor: TrailCursor = { segment: 0, end: 0 },
): AsyncGenerator<AuditLine> {
  const segments = listSegments(source.files, source.folder).filter(({ first }) => first >= cursor.segment);
  const { tail, after = 0 } = request;
  const end = source.point()?.sequence ?? Number.POSITIVE_INFINITY;
  const begin = segments.findLastIndex(({ first }) => first <= after + 1);
  const relevant = segments.slice(Math.max(0, begin)).filter(({ first }) => first <= end);
  if (tail !== undefined) {
    yield* lastOf(source, relevant, request, end, tail);
    return;
  }
  for (const segment of relevant) {
    for (const line of matching(source, segment, request, end, cursor)) {
      if (line === undefined) await otherWork();
      else yield line;
    }
  }
}

/** From the newest file backwards, until there are enough. */
async function* lastOf(
  source: TrailSource,
  segments: readonly Segment[],
  request: AuditRequest,
  end: number,
  count: number,
): AsyncGenerator<AuditLine> {
  let found: AuditLine[] = [];
  for (const segment of [...segments].reverse()) {
    if (found.length >= count) break;
    const here: AuditLine[] = [];
    for (const line of matching(source, segment, request, end)) {
      if (line === undefined) await otherWork();
      else here.push(line);
    }
    found = [...here, ...found].slice(-count);
  }
  if (count > 0) yield* found;
}

/** Records of a segment that match; undefined now and then, for the kernel to see to other things. */
function* matching(
  source: TrailSource,
  segment: Segment,
  request: AuditRequest,
  end: number,
  cursor?: TrailCursor,
): Generator<AuditLine | undefined> {
  const until = source.until();
  const to = until?.segment === segment.first ? until.end : undefined;
  const from = cursor?.segment === segment.first ? cursor.end : 0;
  let count = 0;
  for (const { text, rest, end: behind } of safely(source.files, segment.path, from, to)) {
    if (++count % linesAtOnce === 0) yield undefined;
    const line = rest === undefined ? parseLine(text) : undefined;
    if (line === undefined || line.sequence > end) continue;
    if (cursor !== undefined) Object.assign(cursor, { segment: segment.first, end: behind });
    if (fits(line, request)) yield line;
  }
}

/** The budget may have taken a file meanwhile. */
function* safely(files: FileSystem, path: string, from: number, to: number | undefined) {
  try {
    yield* linesOf(files, path, from, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}

function fits({ sequence, fields }: AuditLine, request: AuditRequest): boolean {
  const { tenant, actor, operation, subject, since, after = 0 } = request;
  return (
    sequence > after &&
    (tenant === undefined || fields.tenant === tenant) &&
    (actor === undefined || fields.actor === actor) &&
    (operation === undefined || fields.operation === operation) &&
    (subject === undefined || isAbout(fields.subject, subject)) &&
    (since === undefined || (typeof fields.time === "string" && fields.time >= since))
  );
}

/** A subject is what it names, and all within it. */
function isAbout(subject: unknown, asked: string): boolean {
  return typeof subject === "string" && (subject === asked || subject.startsWith(`${asked}/`));
}
