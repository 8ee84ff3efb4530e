export { allows } from "./allow.ts";
export { agentCalls, callHandlers, callOfAgent } from "./call-channel.ts";
export { openTraffic, sharedWork, type Traffic, type TrafficLimits } from "./open-traffic.ts";
