import {
  type Caller,
  type CapabilityDocument,
  type CapabilityList,
  defaultTenant,
  type OperationRequest,
  SoloError,
} from "../../../api/index.ts";
import { allows, reaches } from "../../../security/capability/index.ts";
import type { Kernel } from "../../kernel.ts";
import { capabilityDocument } from "./documents.ts";
import { findCapability, mayManage } from "./find.ts";

/** Oldest first. */
export function listCapabilities(
  { parts: { capabilities } }: Kernel,
  caller: Caller,
  { tenant, all }: OperationRequest<"capabilities">,
): CapabilityList {
  const seen = [...capabilities.all()].filter((live) => live.tenant === tenant && mayManage(caller, live));
  const documents = seen
    .map((live) => capabilityDocument(capabilities, live))
    .filter(({ state, instance }) => all || (state === "valid" && instance === null));
  return { capabilities: documents.sort((one, other) => (order(one) < order(other) ? -1 : 1)) };
}

export function showCapability(
  kernel: Kernel,
  caller: Caller,
  request: OperationRequest<"capabilityShow">,
): CapabilityDocument {
  const live = findCapability(kernel, request, (found) => mayManage(caller, found));
  return capabilityDocument(kernel.parts.capabilities, live);
}

/**
 * Whether a token that somebody showed allows something, without using it.
 * @throws SoloError `unauthenticated` for a token that is not valid, or another tenant's, `forbidden` for what it does not allow
 */
export function verifyCapability(
  { parts: { capabilities } }: Kernel,
  { tenant, token, permission, resource }: OperationRequest<"capabilityVerify">,
): CapabilityDocument {
  const live = capabilities.authenticate(token, tenant);
  if (capabilities.stateOf(live) === "used_up") capabilities.use(live.id);
  const where = tenant === defaultTenant ? "" : ` of tenant ${tenant}`;
  const wanted = resource ?? live.resource;
  const isAllowed = permission === undefined || allows(live.permissions, permission);
  if (isAllowed && reaches(live, { tenant, resource: wanted })) return capabilityDocument(capabilities, live);
  const what = permission === undefined ? "allows nothing" : `does not allow ${permission}`;
  throw new SoloError("forbidden", `the token ${what} on ${wanted}${where}`, {
    details: { permission: permission ?? null, resource: wanted, tenant, capability: live.id },
  });
}

function order({ created, id }: CapabilityDocument): string {
  return `${created} ${id}`;
}
