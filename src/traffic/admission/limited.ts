import { SoloError } from "../../api/error.ts";

/** What a caller is told whose request was turned away for the load, not for what it asked. */
export interface Pressure {
  /** Which bound: `tenant`, `total`, `rate`, `queue`, `in_flight`. */
  readonly bound: string;
  readonly limit: number;
  readonly retryAfterMs: number;
  readonly hint: string;
}

/** `limit_exceeded` with the wait that gateways hand on (`Retry-After`). Nothing was begun. */
export function limited(message: string, { bound, limit, retryAfterMs, hint }: Pressure): SoloError {
  const details = { bound, limit, retry_after_ms: Math.max(1, Math.ceil(retryAfterMs)) };
  // It is made tens of thousands of times a second when it matters, and most of its cost is a stack that nobody reads.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return new SoloError("limit_exceeded", message, { hint, details });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
