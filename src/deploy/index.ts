export { buildArtifact, publish } from "./artifact/index.ts";
export { revisionId } from "./revision.ts";
export { type Fleet, RolloutFailure, rollOut } from "./rolling.ts";
