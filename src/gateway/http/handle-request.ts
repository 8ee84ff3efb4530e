import {
  type ApiAccess,
  type Caller,
  maxUploadBytes,
  type OperationName,
  SoloError,
  versionHeader,
} from "../../api/index.ts";
import { checkInput } from "../shared/index.ts";
import { conditionOf, entityTag } from "./conditions.ts";
import { type FirstSignal, firstSignal } from "./first-signal.ts";
import { framingFor } from "./framing.ts";
import { idempotencyKeyOf } from "./idempotency-key.ts";
import { matchRoute } from "./match-route.ts";
import { problem } from "./problem.ts";
import { readInput } from "./read-input.ts";
import { type RequestId, requestIdHeader, requestIdOf } from "./request-id.ts";
import { urlOf } from "./request-url.ts";
import { streamBody } from "./stream-body.ts";

export interface RequestContext {
  readonly access: ApiAccess;
  readonly version: string;
  /** Aborted when the server closes: streams end. */
  readonly closing: AbortSignal;
  readonly onBug: (error: Error) => void;
  /** Who asks, by the request's credentials. Throws for those that are not valid. */
  readonly authenticate: (request: Request, requestId: RequestId) => Caller;
}

/** One request: find the operation, read its input, call it, answer with a document or a stream. */
export async function handleRequest(request: Request, context: RequestContext): Promise<Response> {
  const end = firstSignal(request.signal, context.closing);
  const requestId = requestIdOf(request);
  try {
    const url = urlOf(request);
    const { name, parameters } = matchRoute(request.method, url.pathname);
    const caller = context.authenticate(request, requestId);
    context.access.checkCredentials(caller, name);
    const input = { ...(await readInput(request, url, name, parameters)), ...conditionOf(request.headers, name) };
    return await callOperation(name, input, { request, requestId, caller, end, context });
  } catch (thrown) {
    end.release();
    return problem(reported(thrown, context), { version: context.version, requestId });
  }
}

interface Exchange {
  readonly request: Request;
  readonly requestId: RequestId;
  readonly caller: Caller;
  readonly end: FirstSignal;
  readonly context: RequestContext;
}

async function callOperation<Name extends OperationName>(
  name: Name,
  input: unknown,
  { request, requestId, caller, end, context }: Exchange,
): Promise<Response> {
  const headers = { [versionHeader]: context.version, [requestIdHeader]: requestId };
  const api = context.access.apiFor(caller, idempotencyKeyOf(request));
  const answer: Promise<unknown> | AsyncIterable<unknown> = api[name](checkInput(name, input), end.signal);
  if (answer instanceof Promise) {
    const document = await answer;
    end.release();
    return Response.json(document, { headers: { ...headers, ...tagOf(document) } });
  }
  const framing = framingFor(request.headers.get("accept"));
  const body = await streamBody(answer, framing, end, (thrown) => reported(thrown, context));
  // A proxy must neither keep a stream nor hold it back.
  const live = { "content-type": framing.mediaType, "cache-control": "no-store", "x-accel-buffering": "no" };
  return new Response(body, { headers: { ...headers, ...live } });
}

function tagOf(document: unknown): { readonly etag?: string } {
  const isStatus =
    typeof document === "object" && document !== null && "updated" in document && "instances" in document;
  return isStatus && typeof document.updated === "string" ? { etag: entityTag({ updated: document.updated }) } : {};
}

/** The error to tell the client; a bug is told to the daemon's log as well. */
export function reported(thrown: unknown, { onBug }: RequestContext): SoloError {
  const error = SoloError.from(thrown);
  if (error.code === "internal") onBug(thrown instanceof Error ? thrown : error);
  return error;
}

/** An upload as base64, in its JSON document. */
export const maxRequestBytes = maxUploadBytes * 1.34 + 10_000;
