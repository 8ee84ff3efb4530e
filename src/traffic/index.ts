export type { Endpoint } from "./endpoint.ts";
export { Ingress } from "./ingress.ts";
export type { IngressOptions } from "./options.ts";
export type { RequestCounters } from "./request-counters.ts";
export type { RequestSpan, RequestTracer } from "./request-tracer.ts";
export type { RouteStats } from "./route.ts";
