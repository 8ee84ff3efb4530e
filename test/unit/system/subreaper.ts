import { reapOrphans, setSubreaper } from "../../../src/system/index.ts";

/** Makes the test process the parent of what its children leave behind, so that the tests can see and end it. */
export function becomeSubreaper(): void {
  setSubreaper();
}

/** Reaps orphans until the answer is called. Processes that the test itself starts are left to Bun. */
export function reapUntilCalled(): () => void {
  return reapOrphans({ isOwn: () => false, graceMs: 50, onExit: () => {} });
}
