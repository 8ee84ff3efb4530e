export { allows } from "./allow.ts";
export { callHandlers, requestsOfAgents } from "./call-channel.ts";
export { openTraffic, sharedWork, type Traffic, type TrafficLimits } from "./open-traffic.ts";
