export { maxKeyBytes, maxValueBytes } from "./core/check-mutations.ts";
export { defaultSettings, type OpenStateOptions, openState } from "./core/open.ts";
export { replyWindow } from "./core/replies.ts";
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
