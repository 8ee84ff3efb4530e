export type { Checkpoint, CheckpointKind } from "./catalog.ts";
export type { CheckpointOptions, Phase } from "./checkpointer.ts";
export type { RecoveryReport } from "./recover.ts";
