import type { ApiAccess } from "../../api/index.ts";
import type { Capabilities } from "../../security/capability/index.ts";
import type { PlainHandler } from "../../state/index.ts";
import type { Discovery } from "../discovery.ts";
import { callHandlers } from "./call-channel.ts";
import { instanceApis } from "./instance-api.ts";
import { offerHandlers } from "./offers.ts";
import { registryHandlers } from "./registry-channel.ts";
import type { ServiceCalls } from "./service-calls.ts";

/** What hosts ask of the kernel beside state and steps. */
export function hostOperations(
  calls: () => ServiceCalls,
  capabilities: Capabilities,
  access: () => ApiAccess,
  discovery: Discovery,
): Readonly<Record<string, PlainHandler>> {
  const apiOf = instanceApis(capabilities, access);
  return { ...callHandlers(calls), ...offerHandlers(apiOf), ...registryHandlers(discovery, apiOf) };
}
