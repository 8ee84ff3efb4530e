/** Names a request in its answer, in events, audit and logs. */
export type RequestId = string;

/** A caller may choose it, so that its own logs and the kernel's speak of the same. */
export const requestIdHeader = "x-request-id";

/** The request's own id if it is one, or a new one. */
export function requestIdOf(request: Request): RequestId {
  const given = request.headers.get(requestIdHeader);
  return given !== null && /^[\w.:-]{1,128}$/.test(given) ? given : crypto.randomUUID();
}
