export { EventLog, type NewEvent } from "./event-log.ts";
export type { EventRequest } from "./read.ts";
export type { EventBudget } from "./table.ts";
