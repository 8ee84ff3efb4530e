import { setImmediate } from "node:timers/promises";
import { type LogLine, type OperationRequest, SoloError, serviceKey } from "../../api/index.ts";
import type { Clock } from "../../system/index.ts";
import { findTail } from "./find-tail.ts";
import { type LineFilter, lineFilter } from "./line-filter.ts";
import { type JoinedLine, LineJoiner, parseCursor } from "./line-joiner.ts";
import { RecordReader } from "./record-reader.ts";
import { endOf, listSegments, modifiedSince, type Segment } from "./segments.ts";
import { kernelInstance } from "./service-log.ts";
import type { Wakeups } from "./wakeups.ts";

export interface LogQuery extends OperationRequest<"logs"> {
  /** How far before the log's end `tail` looks for lines, in bytes; absent: all of it. */
  readonly reach?: number;
}

export interface LogSource {
  readonly folder: string;
  readonly clock: Clock;
  readonly wakeups: Wakeups;
}

/**
 * The lines of a service's log that a query asks for, oldest first; with `follow` also those to come, until the signal is
 * aborted. Reading goes at the consumer's pace and keeps nothing but one block: who is too slow finds that lines were
 * deleted meanwhile, and is told so by a line of the instance `solo`. An unfinished line at the end is given as it stands,
 * when following after {@link quietMs} of silence; what comes of it later is a line of its own then.
 *
 * @throws SoloError `usage` for an invalid expression or cursor
 */
export async function* readLog(source: LogSource, query: LogQuery, signal?: AbortSignal): AsyncGenerator<LogLine> {
  const plan = await planReading(source, query, signal);
  const joiner = new LineJoiner();
  const wakeup = source.wakeups.listen(serviceKey(query), signal);
  const reader = new RecordReader(source.folder, plan.from, query.follow ? wakeup.reads : undefined);
  let skipped = 0;
  const wanted = (line: JoinedLine) => {
    const document = plan.accept(line);
    return document !== undefined && skipped++ >= plan.skip ? document : undefined;
  };
  try {
    if (plan.aligned) reader.align();
    while (!signal?.aborted) {
      wakeup.reset();
      let restedAt = reader.position;
      for (let records = reader.next(); records; records = reader.next()) {
        const deletedBytes = reader.takeDeletedBytes();
        if (deletedBytes > 0) yield deletionNotice(source, query.name, deletedBytes, records[0]?.start ?? 0);
        const now = source.clock.monotonic();
        for (const placed of records) {
          if (!query.follow && placed.start >= plan.end) break;
          const line = joiner.add(placed, now);
          const document = line && wanted(line);
          if (document) yield document;
        }
        if (signal?.aborted || (!query.follow && reader.position >= plan.end)) break;
        if (reader.position - restedAt < restAfterBytes) continue;
        // Reading 64 MB must not keep the event loop from everything else.
        await setImmediate();
        restedAt = reader.position;
      }
      const silentSince = source.clock.monotonic() - quietMs;
      for (const line of query.follow ? joiner.flush(silentSince) : joiner.flush()) {
        const document = wanted(line);
        if (document) yield document;
      }
      if (!query.follow) return;
      await wakeup.next(joiner.hasPending ? quietMs : undefined);
    }
  } finally {
    wakeup.close();
    reader.close();
  }
}

interface Plan {
  readonly from: number;
  /** Whether `from` may lie within a record. */
  readonly aligned: boolean;
  /** A reading that does not follow ends here, however fast the log grows. */
  readonly end: number;
  readonly accept: LineFilter;
  /** Accepted lines before the first that is wanted. */
  readonly skip: number;
}

async function planReading(source: LogSource, query: LogQuery, signal: AbortSignal | undefined): Promise<Plan> {
  const filter = lineFilter(query.name, query);
  const segments = listSegments(source.folder);
  const end = endOf(segments);
  const cursor = query.since_cursor === undefined ? undefined : cursorOf(query.since_cursor);
  // A cursor beyond the end is one of a log that was removed with its service: all of the new one is new.
  const after = cursor === undefined || cursor.after > end ? undefined : cursor;
  const accept: LineFilter = (line) => (after !== undefined && line.end <= after.after ? undefined : filter(line));
  const floor = after?.from ?? beginning(segments, query.since);
  if (query.tail === undefined) return { from: floor, aligned: false, end, accept, skip: 0 };
  const scope = { folder: source.folder, floor: Math.max(floor, segments[0]?.base ?? 0), end, accept };
  const wanted = { ...scope, count: query.tail, reach: query.reach, unfinished: !query.follow };
  const { from, skip } = await findTail(wanted, signal);
  return { from, aligned: from > scope.floor, end, accept, skip };
}

function cursorOf(text: string) {
  const cursor = parseCursor(text);
  if (cursor !== undefined) return cursor;
  throw new SoloError("usage", `${JSON.stringify(text)} is not a cursor of a log`, {
    hint: "pass the cursor field of a line that `solo logs --json` printed",
  });
}

/** Whole segments that were last written before the moment are left out. */
function beginning(segments: readonly Segment[], since: string | undefined): number {
  const first = since === undefined ? segments[0] : modifiedSince(segments, Date.parse(since));
  return first?.base ?? endOf(segments);
}

function deletionNotice({ clock }: LogSource, service: string, bytes: number, position: number): LogLine {
  return {
    type: "log",
    time: new Date(clock.now()).toISOString(),
    service,
    instance: kernelInstance,
    stream: "stderr",
    level: "warn",
    message: `[solo] ${bytes} bytes of older lines were deleted before they were read (the log's byte budget)`,
    cursor: String(position),
  };
}

/** Long enough that a line printed in two writes stays one, short enough that a prompt seems to appear at once. */
const quietMs = 1_000;
const restAfterBytes = 65_536;
