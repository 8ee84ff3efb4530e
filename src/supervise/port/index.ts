export type { PortAgent } from "./agent.ts";
export { askAgent, reloadAgent } from "./ask.ts";
export { openAgent } from "./open-agent.ts";
export { RecoveryTimes } from "./recovery.ts";
export type { AgentStore } from "./store.ts";
