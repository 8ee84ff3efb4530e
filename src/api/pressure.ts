import { z } from "zod";

/** What presses on a service, as `status` shows it. */

const count = z.int().nonnegative();

/** The calls and messages that wait for a service, or that its instances have in work. */
export const mailboxSchema = z.object({
  waiting: count,
  in_flight: count,
  /** How many may wait. */
  limit: count,
  /** Since the kernel started: handed to an instance, turned away when too many waited, too old to be delivered. */
  delivered: count,
  refused: count,
  expired: count,
});

/** The circuit breaker of the route from a caller to the service. One without failures is not told. */
export const breakerSchema = z.object({
  /** `tenant/service`. */
  caller: z.string(),
  state: z.enum(["closed", "open", "half_open"]),
  /** In a row. */
  failures: count,
  /** Until a call is tried again; 0 unless it is open. */
  retry_in_ms: count,
});
