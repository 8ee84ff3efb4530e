export type { CheckpointOptions } from "./checkpoint/index.ts";
export { StoreError, type StoreErrorCode } from "./error.ts";
export { type FileLock, type FileSystem, type OpenMode, type StoreFile } from "./file/index.ts";
export {
  type BatchStep,
  type Durability,
  type Key,
  KeyValueStore,
  type Session,
  type StoreOptions,
  type StoreStats,
  type Value,
} from "./key-value/index.ts";
export {
  type DurableLog,
  inspectLog,
  type LogCheck,
  type LogEntry,
  type LogInspection,
  type LogOptions,
  type LogRecovery,
  type LogStatistics,
  logStatistics,
  openLog,
  planTruncation,
} from "./log/index.ts";
