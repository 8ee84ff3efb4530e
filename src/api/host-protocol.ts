import { z } from "zod";

/** What a service's module turned out to be. Only the event loop of `fetch` and `service` must never stand still. */
export const hostShapes = ["fetch", "service", "script", "wasm"] as const;
export type HostShape = (typeof hostShapes)[number];

/**
 * What an instance's host tells its kernel, one JSON document per line over the kernel's control socket. The host
 * reconnects when the kernel was replaced, and then says `hello` and its current state again.
 */
export const hostMessageSchema = z.discriminatedUnion("type", [
  /** First on every connection. `key` proves that the sender was started as that instance. */
  z.object({ type: z.literal("hello"), instance: z.string(), key: z.string(), pid: z.int() }),
  /** The service started. `port` is null for one that serves nothing, such as a worker. */
  z.object({
    type: z.literal("ready"),
    shape: z.enum(hostShapes),
    port: z.int().min(1).max(65_535).nullable(),
    /** From the host's first instruction to here. */
    took_ms: z.number(),
  }),
  /** The service could not start; the process exits with 70 (`EX_SOFTWARE`) next. `frame` shows the place in the source. */
  z.object({
    type: z.literal("failed"),
    message: z.string(),
    stack: z.string().nullable(),
    frame: z.string().nullable(),
  }),
  /** What a method returned, or why it did not. */
  z.object({
    type: z.literal("answer"),
    id: z.string(),
    output: z.unknown(),
    /** `hint`: of Solo's own errors, such as what `solo effects resolve` is to be told. */
    error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
  }),
  /** Sent every second while the event loop turns, or as often as the kernel last asked for. `health` is the service's own answer, when it gives one. */
  z.object({
    type: z.literal("heartbeat"),
    health: z
      .object({ status: z.enum(["healthy", "degraded", "unhealthy"]), message: z.string().optional() })
      .optional(),
  }),
]);
export type HostMessage = z.infer<typeof hostMessageSchema>;

/** What a host that was started early is to run, told once. */
export interface HostOrder {
  readonly type: "run";
  /** The artifact's entry file. */
  readonly entry: string;
  readonly revision: string;
}

/** How often a host is to send heartbeats from now on. */
export interface HostPace {
  readonly type: "pace";
  readonly interval_ms: number;
}

/** What a kernel asks of a host, in the same form. An answer to a call that another kernel asked is ignored. */
export interface HostCall {
  readonly type: "call";
  readonly id: string;
  readonly method: string;
  readonly input: unknown;
}
