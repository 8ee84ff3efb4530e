import { type OperationName, type SoloApi, SoloError, versionHeader } from "../../api/index.ts";
import { checkInput } from "./check-input.ts";
import { type FirstSignal, firstSignal } from "./first-signal.ts";
import { matchRoute } from "./match-route.ts";
import { readInput } from "./read-input.ts";
import { streamBody } from "./stream-body.ts";

export interface RequestContext {
  readonly api: SoloApi;
  readonly version: string;
  /** Aborted when the server closes: streams end. */
  readonly closing: AbortSignal;
  readonly onBug: (error: Error) => void;
  /** Refuses a caller who may not have this operation, by throwing. */
  readonly authenticate: (request: Request, operation: OperationName) => void;
}

/** One request: find the operation, read its input, call it, answer with a document or a stream. */
export async function handleRequest(request: Request, context: RequestContext): Promise<Response> {
  const end = firstSignal(request.signal, context.closing);
  try {
    const url = new URL(request.url);
    const { name, parameters } = matchRoute(request.method, url.pathname);
    context.authenticate(request, name);
    const input = await readInput(request, url, name, parameters);
    return await callOperation(name, input, end, context);
  } catch (thrown) {
    end.release();
    const error = reported(thrown, context);
    return Response.json(error.toDocument(), { status: error.status, headers: { [versionHeader]: context.version } });
  }
}

async function callOperation<Name extends OperationName>(
  name: Name,
  input: unknown,
  end: FirstSignal,
  context: RequestContext,
): Promise<Response> {
  const headers = { [versionHeader]: context.version };
  const answer: Promise<unknown> | AsyncIterable<unknown> = context.api[name](checkInput(name, input), end.signal);
  if (answer instanceof Promise) {
    const document = await answer;
    end.release();
    return Response.json(document, { headers });
  }
  const body = await streamBody(answer, end, (thrown) => reported(thrown, context));
  return new Response(body, { headers: { ...headers, "content-type": "application/x-ndjson" } });
}

/** The error to tell the client; a bug is told to the daemon's log as well. */
function reported(thrown: unknown, { onBug }: RequestContext): SoloError {
  const error = SoloError.from(thrown);
  if (error.code === "internal") onBug(thrown instanceof Error ? thrown : error);
  return error;
}
