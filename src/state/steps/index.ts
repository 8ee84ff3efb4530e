export { costOf } from "./budget.ts";
export type { ListedEffect, Resolution } from "./effects.ts";
export type { Caller } from "./parts.ts";
export { stepOperations } from "./requests.ts";
export { type EndedStep, ServiceSteps, type UsageReport } from "./service-steps.ts";
export type { Delivery } from "./waits.ts";
