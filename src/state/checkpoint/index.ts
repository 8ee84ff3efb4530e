export { CheckpointCatalog, type Copy, type DamagedCopy } from "./catalog.ts";
export {
  type CheckpointObserver,
  type CheckpointSettings,
  Checkpoints,
  type CheckpointsOptions,
  checkpointFolder,
} from "./checkpoints.ts";
export type { External } from "./external.ts";
export { finishSwaps } from "./folders/index.ts";
export type { CheckpointInfo } from "./info.ts";
export type { SoundPast } from "./past.ts";
export type { Point } from "./point.ts";
export type { Retention, StoredInfo } from "./retention.ts";
export {
  type Restored,
  ServiceCheckpoints,
  type Subject,
  type Verification,
} from "./service-checkpoints.ts";
export type { CheckpointTrouble } from "./shelf.ts";
