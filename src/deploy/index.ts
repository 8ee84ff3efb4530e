export { buildArtifact, publish, unfinishedFolder } from "./artifact/index.ts";
export { capabilityChanges } from "./capability-changes.ts";
export { revisionId } from "./revision.ts";
export { type Fleet, RolloutFailure, rollOut } from "./rolling.ts";
