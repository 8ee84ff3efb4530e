import type { ErrorDocument } from "../../api/index.ts";
import { onceForAll } from "./once-for-all.ts";

/** How a stream's elements stand in the body of an answer. */
export interface Framing {
  readonly mediaType: string;
  readonly element: (value: unknown) => string;
  /** The last of a stream that failed. */
  readonly failure: (error: ErrorDocument) => string;
  /** Sent while there is nothing to tell, so that both sides notice when the other is gone. */
  readonly heartbeat: string;
}

/** One JSON document a line. */
const jsonLines: Framing = {
  mediaType: "application/x-ndjson",
  element: onceForAll((value) => `${JSON.stringify(value)}\n`),
  failure: (error) => `${JSON.stringify(lastLine(error))}\n`,
  heartbeat: "\n",
};

/**
 * Server-sent events (WHATWG HTML, section 9.2). An element's `cursor` is the event's id, which a browser sends back as
 * `Last-Event-ID` when it connects again. A failure is an event `failure`: the name `error` is the browser's own.
 */
export const serverSentEvents: Framing = {
  mediaType: "text/event-stream",
  element: onceForAll((value) => `${idOf(value)}data: ${JSON.stringify(value)}\n\n`),
  failure: (error) => `event: failure\ndata: ${JSON.stringify(lastLine(error))}\n\n`,
  heartbeat: ":\n\n",
};

/** The framing that a request asks for. */
export function framingFor(accept: string | null): Framing {
  return accept?.includes(serverSentEvents.mediaType) ? serverSentEvents : jsonLines;
}

function idOf(value: unknown): string {
  const cursor = typeof value === "object" && value !== null && "cursor" in value ? value.cursor : undefined;
  return typeof cursor === "string" && !/[\n\r\0]/.test(cursor) ? `id: ${cursor}\n` : "";
}

function lastLine(error: ErrorDocument): object {
  return { type: "error", time: new Date().toISOString(), ...error };
}

/** Answers that are streams: to ask every answer for its type takes a twentieth of a short request's time. */
const streams = new WeakSet<Response>();

/** A stream as an answer, with further headers. */
export function streamAnswer(body: BodyInit, framing: Framing, headers: Readonly<Record<string, string>>): Response {
  // A proxy must neither keep a stream nor hold it back.
  const live = { "content-type": framing.mediaType, "cache-control": "no-store", "x-accel-buffering": "no" };
  const answer = new Response(body, { headers: { ...headers, ...live } });
  streams.add(answer);
  return answer;
}

/** An answer that others made, known for a stream if it is one. */
export function recognised(answer: Response): Response {
  if (answer.headers.get("content-type")?.startsWith(serverSentEvents.mediaType)) streams.add(answer);
  return answer;
}

export function isStream(answer: Response): boolean {
  return streams.has(answer);
}
