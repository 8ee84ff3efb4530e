import type { Clock } from "./clock.ts";
import type { RequestHead, ResponseHead } from "./http1/index.ts";
import type { Limits } from "./options.ts";
import type { RequestTracer } from "./request-tracer.ts";
import type { RouteTable } from "./routes.ts";

/** What all connections of one ingress share. The two parsers serve every message in turn: nothing in them outlives an event. */
export interface IngressContext {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly routes: RouteTable;
  readonly requestHead: RequestHead;
  readonly responseHead: ResponseHead;
  /** Requests that led to no route, by the status that they were answered with. */
  readonly unrouted: Map<number, number>;
  readonly tracer: RequestTracer | undefined;
  /** Once set, every response announces the end of its connection. */
  closing: boolean;
  /** Told of what was thrown while a connection was served: a bug, which costs that connection only. */
  readonly onError: (error: unknown) => void;
}
