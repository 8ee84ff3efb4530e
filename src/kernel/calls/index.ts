export { allows } from "./allow.ts";
export { requestsOfAgents } from "./call-channel.ts";
export { hostOperations } from "./host-operations.ts";
export { openTraffic, sharedWork, type Traffic, type TrafficLimits } from "./open-traffic.ts";
export { traceStep } from "./trace-steps.ts";
