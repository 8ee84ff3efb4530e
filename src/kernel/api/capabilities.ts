import {
  type Caller,
  type CapabilityOutput,
  capabilitiesRequestSchema,
  capabilityAttenuateRequestSchema,
  capabilityDelegateRequestSchema,
  capabilityGrantRequestSchema,
  capabilityRequestSchema,
  capabilityVerifyRequestSchema,
  type SoloApi,
} from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";
import { grantCapability, narrowCapability, revokeCapability } from "../operations/capability/change.ts";
import { listCapabilities, showCapability, verifyCapability } from "../operations/capability/read.ts";
import { accept } from "./accept.ts";

/** The operations on capabilities, as one caller has them. */
export function capabilityApi(kernel: Kernel, caller: Caller): Pick<SoloApi, keyof CapabilityOutput> {
  return {
    capabilityGrant: async (input) => grantCapability(kernel, caller, accept(capabilityGrantRequestSchema, input)),
    capabilities: async (input) => listCapabilities(kernel, caller, accept(capabilitiesRequestSchema, input)),
    capabilityShow: async (input) => showCapability(kernel, caller, accept(capabilityRequestSchema, input)),
    capabilityAttenuate: async (input) =>
      narrowCapability(kernel, caller, accept(capabilityAttenuateRequestSchema, input), "capability_attenuated"),
    capabilityDelegate: async (input) =>
      narrowCapability(kernel, caller, accept(capabilityDelegateRequestSchema, input), "capability_delegated"),
    capabilityRevoke: async (input) => revokeCapability(kernel, caller, accept(capabilityRequestSchema, input)),
    capabilityVerify: async (input) => verifyCapability(kernel, accept(capabilityVerifyRequestSchema, input)),
  };
}
