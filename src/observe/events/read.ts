import { type EventDocument, SoloError } from "../../api/index.ts";
import type { EventFilter } from "./query.ts";

export interface EventRequest {
  readonly tenant: string;
  readonly name?: string | undefined;
  readonly follow?: boolean | undefined;
  /** Begin with the last so many that match; with all kept ones when absent. */
  readonly tail?: number | undefined;
  /** RFC 3339 with any offset. */
  readonly since?: string | undefined;
  /** Begin after the event with this cursor. */
  readonly since_cursor?: string | undefined;
}

export interface EventSource {
  after(filter: EventFilter, cursor: number, limit: number): EventDocument[];
  last(filter: EventFilter, limit: number): EventDocument[];
  flush(): void;
  /** Resolves when there may be more to read. */
  changed(signal: AbortSignal | undefined): Promise<void>;
  isClosed(): boolean;
}

/** Rows per query: what a reader holds in memory at once. */
const pageRows = 500;

/** See `EventLog.read`. The request is checked before the first element is asked for. */
export function readEvents(
  source: EventSource,
  request: EventRequest,
  signal?: AbortSignal,
): AsyncIterable<EventDocument> {
  const { tenant, name, since, since_cursor } = request;
  const filter: EventFilter = { tenant, name, since: since === undefined ? undefined : utc(since) };
  const cursor = since_cursor === undefined ? 0 : parseCursor(since_cursor);
  return pages(source, filter, cursor, request, signal);
}

async function* pages(
  source: EventSource,
  filter: EventFilter,
  start: number,
  { follow = false, tail }: EventRequest,
  signal: AbortSignal | undefined,
): AsyncGenerator<EventDocument> {
  source.flush();
  let cursor = tail === undefined ? start : Math.max(start, beforeTail(source, filter, tail));
  while (!signal?.aborted) {
    const page = source.isClosed() ? [] : source.after(filter, cursor, pageRows);
    for (const event of page) {
      if (signal?.aborted) return;
      yield event;
      cursor = event.id;
    }
    if (page.length > 0) continue;
    if (!follow || source.isClosed()) return;
    // Nothing ran since the empty page was read, so no wake-up can have been missed.
    await source.changed(signal);
  }
}

/** The id after which the last `count` matching events come. */
function beforeTail(source: EventSource, filter: EventFilter, count: number): number {
  if (count === 0) return source.last({ tenant: filter.tenant }, 1)[0]?.id ?? 0;
  const first = source.last(filter, count)[0];
  return first === undefined ? 0 : first.id - 1;
}

function parseCursor(text: string): number {
  const id = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(id)) return id;
  throw new SoloError("invalid_request", `invalid cursor ${JSON.stringify(text)} of an event`, {
    hint: "pass the `cursor` of an event as `solo events --json` printed it",
  });
}

function utc(moment: string): string {
  const time = new Date(moment);
  if (!Number.isNaN(time.getTime())) return time.toISOString();
  throw new SoloError("invalid_request", `invalid time ${JSON.stringify(moment)}`, {
    hint: "write it like 2026-01-31T08:00:00Z",
  });
}
