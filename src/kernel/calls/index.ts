export { allows } from "./allow.ts";
export { requestsOfAgents } from "./call-channel.ts";
export { hostOperations } from "./host-operations.ts";
export { instanceApis } from "./instance-api.ts";
export { openTraffic, sharedWork, type Traffic, type TrafficLimits } from "./open-traffic.ts";
export { registryOfAgents } from "./registry-channel.ts";
export { traceStep } from "./trace-steps.ts";
