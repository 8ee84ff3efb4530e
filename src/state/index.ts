export { AgentState } from "./agent/agent-state.ts";
export type { StateHandler, StateRequest } from "./channel/request.ts";
export { type Hello, StateServer } from "./channel/server.ts";
export {
  type CheckpointInfo,
  type CheckpointTrouble,
  type Point,
  type Retention,
  ServiceCheckpoints,
  type StoredInfo,
  type Subject,
  type Verification,
} from "./checkpoint/index.ts";
export { checkWrites, maxKeyBytes, maxValueBytes } from "./core/check-mutations.ts";
export { defaultSettings, type OpenStateOptions, openState } from "./core/open.ts";
export { type Space, spaces } from "./core/space.ts";
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
export { ServiceStates } from "./service-states.ts";
export { openStateAtRest, type StateAtRest } from "./at-rest.ts";
export {
  type Caller,
  costOf,
  type Delivery,
  type ListedEffect,
  type Resolution,
  ServiceSteps,
  stepOperations,
  type UsageReport,
} from "./steps/index.ts";
