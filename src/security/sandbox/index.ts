export { checkSandbox } from "./check.ts";
export { inspectProcess, scoreOf } from "./inspect.ts";
export type { SandboxPlace } from "./place.ts";
export { type PathGrant, policyOf, type SandboxPolicy } from "./policy.ts";
export { type Reach, refuseBeyond, withinReach } from "./reach.ts";
export { Sandboxes } from "./sandboxes.ts";
