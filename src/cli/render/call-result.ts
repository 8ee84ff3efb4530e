import type { CallResult } from "../../api/index.ts";

/** Text as it is, anything else as JSON for people. */
export function renderCallResult({ output }: CallResult): string {
  return typeof output === "string" ? output : JSON.stringify(output, null, 2);
}
