export { CheckpointCatalog, type DamagedCopy } from "./catalog.ts";
export { type CheckpointInfo, type CheckpointReason, checkpointIdPattern, checkpointReasons } from "./info.ts";
export type { Point } from "./point.ts";
export type { Retention, StoredInfo } from "./retention.ts";
export {
  type CheckpointTrouble,
  ServiceCheckpoints,
  type SoundPast,
  type Subject,
  type Verification,
} from "./service-checkpoints.ts";
