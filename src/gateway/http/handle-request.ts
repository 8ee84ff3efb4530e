import {
  type ApiAccess,
  type Caller,
  maxUploadBytes,
  type OperationName,
  operations,
  type ServiceStatus,
  type SoloApi,
  SoloError,
  versionHeader,
} from "../../api/index.ts";
import { checkInput } from "../shared/index.ts";
import { entityTag, withCondition } from "./conditions.ts";
import { type FirstSignal, firstSignal } from "./first-signal.ts";
import { framingFor, streamAnswer } from "./framing.ts";
import { idempotencyKeyOf } from "./idempotency-key.ts";
import { matchRoute } from "./match-route.ts";
import { problem } from "./problem.ts";
import { readInput } from "./read-input.ts";
import { type RequestId, requestIdHeader, requestIdOf } from "./request-id.ts";
import { type RequestUrl, urlOf } from "./request-url.ts";
import { statusJson } from "./status-json.ts";
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

/**
 * One request: find the operation, read its input, call it, answer with a document or a stream. What is refused before its input
 * is read is refused at once: refusals of requests that came together then go out together.
 */
export function handleRequest(
  request: Request,
  context: RequestContext,
  url?: RequestUrl,
): Response | Promise<Response> {
  const requestId = requestIdOf(request);
  try {
    const target = url ?? urlOf(request);
    const { name, parameters } = matchRoute(request.method, target.pathname);
    const caller = context.authenticate(request, requestId);
    context.access.checkCredentials(caller, name);
    const key = idempotencyKeyOf(request);
    // Under load a body that nobody will act upon is not even read. An answer that was given once is given again.
    if (operations[name].method === "POST" && key === undefined)
      context.access.checkRoom(caller, name, parameters.name);
    const api = context.access.apiFor(caller, key);
    return operate(name, {
      request,
      requestId,
      api,
      context,
      input: () => readInput(request, target, name, parameters),
    });
  } catch (thrown) {
    return problem(reported(thrown, context), { version: context.version, requestId });
  }
}

async function operate(name: OperationName, exchange: Exchange): Promise<Response> {
  const { request, requestId, api, context } = exchange;
  try {
    const given = exchange.input();
    // To wait for what is there already takes longer than most of these steps.
    const input = withCondition(given instanceof Promise ? await given : given, request.headers, name);
    if (name === "status") {
      return statusAnswer(await api.status(checkInput(name, input)), headersOf(requestId, context));
    }
    return await callOperation(name, input, exchange);
  } catch (thrown) {
    return problem(reported(thrown, context), { version: context.version, requestId });
  }
}

interface Exchange {
  readonly request: Request;
  readonly requestId: RequestId;
  readonly api: SoloApi;
  readonly context: RequestContext;
  readonly input: () => ReturnType<typeof readInput>;
}

async function callOperation<Name extends OperationName>(
  name: Name,
  input: unknown,
  { request, requestId, api, context }: Exchange,
): Promise<Response> {
  const headers = headersOf(requestId, context);
  const checked = checkInput(name, input);
  const end = isCalledOff(name) ? firstSignal(request.signal, context.closing) : endless;
  try {
    const answer: Promise<unknown> | AsyncIterable<unknown> = api[name](checked, end.signal);
    if (answer instanceof Promise) {
      const document = await answer;
      end.release();
      return Response.json(document, { headers });
    }
    const framing = framingFor(request.headers.get("accept"));
    const body = await streamBody(answer, framing, end, (thrown) => reported(thrown, context));
    return streamAnswer(body, framing, headers);
  } catch (thrown) {
    end.release();
    throw thrown;
  }
}

/** Streams end, and calls are given up, when nobody waits for them any more. Nothing else is. */
function isCalledOff(name: OperationName): boolean {
  return operations[name].stream || name === "call";
}

const endless: FirstSignal = { signal: new AbortController().signal, release: () => undefined };

function statusAnswer(status: ServiceStatus, headers: Readonly<Record<string, string>>): Response {
  return new Response(statusJson(status), {
    headers: { ...headers, "content-type": "application/json;charset=utf-8", etag: entityTag(status) },
  });
}

function headersOf(requestId: RequestId, { version }: RequestContext): Readonly<Record<string, string>> {
  return { [versionHeader]: version, [requestIdHeader]: requestId };
}

/** The error to tell the client; a bug is told to the daemon's log as well. */
export function reported(thrown: unknown, { onBug }: RequestContext): SoloError {
  const error = SoloError.from(thrown);
  if (error.code === "internal") onBug(thrown instanceof Error ? thrown : error);
  return error;
}

/** An upload as base64, in its JSON document. */
export const maxRequestBytes = maxUploadBytes * 1.34 + 10_000;
