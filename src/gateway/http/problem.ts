import { type SoloError, versionHeader } from "../../api/index.ts";
import { type RequestId, requestIdHeader } from "./request-id.ts";

/** The form of every refusal: the contract's error, and the same as problem details. */
export const problemMediaType = "application/problem+json";

/**
 * An error as an answer: problem details (RFC 9457) with the contract's own document beside them, and the headers that HTTP
 * has for it: `WWW-Authenticate` (RFC 6750), `Allow`, `Retry-After` in seconds.
 */
export function problem(
  error: SoloError,
  about: { readonly version: string; readonly requestId: RequestId },
): Response {
  const { code, message } = error;
  const status = statusOf(error);
  return Response.json(
    {
      type: `urn:solo:error:${code}`,
      title: code.replaceAll("_", " "),
      status,
      detail: message,
      instance: `urn:solo:request:${about.requestId}`,
      ...error.toDocument(),
    },
    { status, headers: { ...headersOf(error), [versionHeader]: about.version, [requestIdHeader]: about.requestId } },
  );
}

/** HTTP tells some refusals apart that are one to the contract. */
function statusOf({ status, details }: SoloError): number {
  if (details?.allow !== undefined) return methodNotAllowed;
  if (details?.late === true) return requestTimeout;
  return details?.precondition === true ? preconditionFailed : status;
}

function headersOf({ status, details }: SoloError): Record<string, string> {
  const headers: Record<string, string> = { "content-type": problemMediaType };
  if (status === 401) headers["www-authenticate"] = 'Bearer realm="solo"';
  // What would come still is no further request.
  if (details?.late === true) headers.connection = "close";
  if (typeof details?.allow === "string") headers.allow = details.allow;
  const wait = details?.retry_after_ms;
  if (typeof wait === "number") headers["retry-after"] = String(Math.max(1, Math.ceil(wait / 1_000)));
  return headers;
}

const methodNotAllowed = 405;
const requestTimeout = 408;
const preconditionFailed = 412;
