export type { DurableLog, LogStats } from "./durable-log.ts";
export type { NamedIterator } from "./named-iterator.ts";
export { openLog } from "./open-log.ts";
export type { LogOptions } from "./options.ts";
export type { LogEntry } from "./page.ts";
export type { LogCut, LogRecovery } from "./recover.ts";
export type { LogCheck } from "./verify.ts";
