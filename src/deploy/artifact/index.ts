export type { Artifact } from "./artifact.ts";
export { buildArtifact } from "./build-artifact.ts";
export { runBuilder } from "./builder/child.ts";
export { bundleAlone } from "./bundle-alone.ts";
export { detectKind } from "./kind.ts";
export { publish, unfinishedFolder } from "./publish.ts";
