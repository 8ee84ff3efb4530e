const reasons = {
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  414: "URI Too Long",
  417: "Expectation Failed",
  431: "Request Header Fields Too Large",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported",
} as const;

export type AnswerStatus = keyof typeof reasons;

/** Seconds after which a client that got 503 may ask again. */
const retryAfterSeconds = 1;

export interface AnswerOptions {
  /** Whether to leave the body out, as an answer to HEAD must. */
  readonly isHead: boolean;
  readonly keepAlive: boolean;
  readonly version10: boolean;
}

/** A response of the ingress itself: plain text, never a page with details of the machine. */
export function answer(status: AnswerStatus, reason: string, options: AnswerOptions): Buffer {
  const body = Buffer.from(`${status} ${reasons[status]}: ${reason}\n`);
  const head = [
    `HTTP/1.1 ${status} ${reasons[status]}`,
    `Date: ${new Date().toUTCString()}`,
    "Content-Type: text/plain; charset=utf-8",
    "X-Content-Type-Options: nosniff",
    "Cache-Control: no-store",
    `Content-Length: ${body.length}`,
    ...(status === 503 ? [`Retry-After: ${retryAfterSeconds}`] : []),
    ...(status === 405 ? ["Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"] : []),
    ...(options.keepAlive ? (options.version10 ? ["Connection: keep-alive"] : []) : ["Connection: close"]),
    "\r\n",
  ].join("\r\n");
  return options.isHead ? Buffer.from(head) : Buffer.concat([Buffer.from(head), body]);
}
