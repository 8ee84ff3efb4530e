export type { PortAgent } from "./agent.ts";
export { askAgent, reloadAgent } from "./ask.ts";
export type { EvolutionResult } from "./evolution.ts";
export type { AgentMetrics, Hypothesis } from "./messages.ts";
export { openAgent } from "./open-agent.ts";
export { RecoveryTimes } from "./recovery.ts";
export type { AgentStore } from "./store.ts";
