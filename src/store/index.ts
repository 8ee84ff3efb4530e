export {
  type CheckpointState,
  compactStore,
  type Damage,
  type InspectStoreOptions,
  inspectStore,
  type RepairStoreOptions,
  repairStore,
  type StoreCompaction,
  type StoreInspection,
  type StoreRepair,
  type StoreStatistics,
  storeStatistics,
} from "./check/index.ts";
export type { Checkpoint, CheckpointKind, CheckpointOptions, Phase, RecoveryReport } from "./checkpoint/index.ts";
export { StoreError, type StoreErrorCode } from "./error.ts";
export type { FileLock, FileSystem, OpenMode, StoreFile } from "./file/index.ts";
export {
  type BatchStep,
  type CompactOptions,
  type CompactReport,
  type Durability,
  type Entry,
  type FlushTriggers,
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
