import type { SoloApi } from "../../api/index.ts";
import type { PlainHandler } from "../../state/index.ts";
import type { Discovery } from "../discovery.ts";
import { callHandlers } from "./call-channel.ts";
import { offerHandlers } from "./offers.ts";
import { registryHandlers } from "./registry-channel.ts";
import type { ServiceCalls } from "./service-calls.ts";

/** What hosts ask of the kernel beside state and steps. */
export function hostOperations(
  calls: () => ServiceCalls,
  apiOf: (instance: string) => SoloApi,
  discovery: Discovery,
): Readonly<Record<string, PlainHandler>> {
  return { ...callHandlers(calls), ...offerHandlers(apiOf), ...registryHandlers(discovery, apiOf) };
}
