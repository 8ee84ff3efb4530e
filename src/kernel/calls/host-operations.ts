import type { ApiAccess } from "../../api/index.ts";
import type { Capabilities } from "../../security/capability/index.ts";
import type { PlainHandler } from "../../state/index.ts";
import { callHandlers } from "./call-channel.ts";
import { offerHandlers } from "./offers.ts";
import type { ServiceCalls } from "./service-calls.ts";

/** What hosts ask of the kernel beside state and steps. */
export function hostOperations(
  calls: () => ServiceCalls,
  capabilities: Capabilities,
  access: () => ApiAccess,
): Readonly<Record<string, PlainHandler>> {
  return { ...callHandlers(calls), ...offerHandlers(capabilities, access) };
}
