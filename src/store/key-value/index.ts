export type { FlushTriggers } from "./auto-flush.ts";
export type { CompactOptions, CompactReport } from "./compact.ts";
export type { Key } from "./key.ts";
export type { Durability, StoreOptions } from "./options.ts";
export type { BatchStep, Value } from "./own.ts";
export type { Entry } from "./scan.ts";
export type { Session } from "./session.ts";
export { KeyValueStore, type StoreStats } from "./store.ts";
