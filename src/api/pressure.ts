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

/** What an instance used at a moment, all its processes together. */
export const usageSampleSchema = z.object({
  time: z.iso.datetime(),
  memory_bytes: count,
  /** Share of one core in percent, over the second before. */
  cpu_percent: z.number(),
  processes: count,
  /** Open descriptors; null where no limit has them counted. */
  files: count.nullable(),
  /** Calls and requests in work. */
  calls: count,
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
