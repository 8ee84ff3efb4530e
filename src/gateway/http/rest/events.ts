import type { EventDocument, LogLine } from "../../../api/index.ts";
import { merged } from "../../shared/index.ts";
import { type Framing, serverSentEvents, streamAnswer } from "../framing.ts";
import { streamBody } from "../stream-body.ts";
import { flagOf, integerOf, invalid, type RestHandler, type RestRequest, serviceOf } from "./request.ts";

const levels: readonly string[] = ["debug", "info", "warn", "error"];

/** An event as this interface tells it. */
export function eventOf({ id, event, time, tenant, subject, data }: EventDocument): object {
  const service_id = subject.split("/")[1];
  return {
    id,
    event_type: event,
    timestamp: time,
    payload: data,
    tenant_id: tenant,
    ...(service_id !== undefined && { service_id }),
  };
}

/** `GET /events`: what happened after an event, then what happens, as server-sent events; on demand with log lines. */
export const followEvents: RestHandler = async (request) => {
  const { api, tenant, query, headers, end } = request;
  const name = query.has("service_id") ? { name: serviceOf(query.get("service_id")) } : {};
  const since = integerOf(query, "since_id", lastSeen(headers), 0, Number.MAX_SAFE_INTEGER);
  const events = api.events({ tenant, ...name, follow: true, since_cursor: String(since) }, end.signal);
  if (!flagOf(query, "include_logs")) return stream(request, map(events, eventOf));
  if (name.name === undefined) throw invalid("include_logs", "needs a service_id");
  const lines = api.logs({ tenant, name: name.name, follow: true, tail: 0 }, end.signal);
  return stream(request, merged<object>([map(events, eventOf), map(lines, (line) => logEventOf(line, tenant))]));
};

/** What a browser that connects again has seen. */
function lastSeen(headers: Headers): number {
  const id = headers.get("last-event-id") ?? "0";
  if (/^\d{1,15}$/.test(id)) return Number(id);
  throw invalid("Last-Event-ID", "expects the id of an event");
}

/** `GET /logs`: the last lines of a service of at least some level, then each new one. */
export const followLogs: RestHandler = async (request) => {
  const { api, tenant, query, end } = request;
  const name = serviceOf(query.get("service_id") ?? "");
  const level = (query.get("level") ?? "DEBUG").toLowerCase();
  const least = levels.indexOf(level);
  if (least === -1) throw invalid("level", "expects DEBUG, INFO, WARN or ERROR");
  const tail = integerOf(query, "limit", 100, 1, 1_000);
  const lines = api.logs({ tenant, name, follow: true, tail }, end.signal);
  return stream(
    request,
    map(lines, (line) => (levels.indexOf(line.level) < least ? undefined : logOf(line))),
  );
};

function logEventOf({ service, time, ...line }: LogLine, tenant: string): object {
  const { stream: from, level, message, instance } = line;
  const payload = { stream: from, level: level.toUpperCase(), message, instance };
  return { event_type: "service_log", timestamp: time, payload, service_id: service, tenant_id: tenant };
}

function logOf({ service, time, level, message, instance, stream: from }: LogLine): object {
  return { timestamp: time, level: level.toUpperCase(), message, service_id: service, instance, stream: from };
}

/** An event's id is the one that a client comes back with. */
const framing: Framing = {
  ...serverSentEvents,
  element: (value) => {
    const id = typeof value === "object" && value !== null && "id" in value ? `id: ${value.id}\n` : "";
    return `${id}data: ${JSON.stringify(value)}\n\n`;
  },
};

async function stream({ end, reported }: RestRequest, elements: AsyncIterable<object>): Promise<Response> {
  const body = await streamBody(elements, framing, end, reported);
  return streamAnswer(body, framing, {});
}

/** Elements as `change` makes them; those it makes nothing of are left out. */
async function* map<From>(
  elements: AsyncIterable<From>,
  change: (element: From) => object | undefined,
): AsyncGenerator<object> {
  for await (const element of elements) {
    const changed = change(element);
    if (changed !== undefined) yield changed;
  }
}
