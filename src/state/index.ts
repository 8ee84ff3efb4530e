export { AgentState } from "./agent/agent-state.ts";
export { openStateAtRest, type StateAtRest } from "./at-rest.ts";
export { InputReader } from "./channel/check-input.ts";
export type { PlainHandler, StateHandler, StateRequest } from "./channel/request.ts";
export { type Hello, StateServer } from "./channel/server.ts";
export {
  CheckpointCatalog,
  type CheckpointInfo,
  type CheckpointObserver,
  type CheckpointSettings,
  Checkpoints,
  type CheckpointsOptions,
  type CheckpointTrouble,
  checkpointFolder,
  type DamagedCopy,
  type External,
  finishSwaps,
  type Point,
  type Restored,
  type Retention,
  ServiceCheckpoints,
  type SoundPast,
  type StoredInfo,
  type Subject,
  type Verification,
} from "./checkpoint/index.ts";
export { checkWrites, growthBy, quotaRefusal } from "./core/check-mutations.ts";
export { type OpenStateOptions, openState } from "./core/open.ts";
export type { Space } from "./core/space.ts";
export type {
  CommitOptions,
  Committed,
  LogRecord,
  Mutation,
  Range,
  ReplySlot,
  ServiceState,
  Snapshot,
  StateChange,
  StateDurability,
  StateEntry,
  StateQuota,
  StateRecovery,
  StateSettings,
  StateSource,
  StateStats,
  Stored,
  View,
} from "./core/types.ts";
export { type MigrationParts, migrationHandlers } from "./migrations.ts";
export { ServiceStates } from "./service-states.ts";
export {
  type Caller,
  costOf,
  type Delivery,
  type EndedStep,
  type ListedEffect,
  type Resolution,
  ServiceSteps,
  stepOperations,
  type UsageReport,
} from "./steps/index.ts";
