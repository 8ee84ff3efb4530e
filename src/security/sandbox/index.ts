export { checkSandbox } from "./check.ts";
export { type Mechanism, mechanisms } from "./mechanisms.ts";
export type { SandboxPlace } from "./place.ts";
export { type PathGrant, policyOf, type SandboxPolicy } from "./policy.ts";
export { Sandboxes } from "./sandboxes.ts";
