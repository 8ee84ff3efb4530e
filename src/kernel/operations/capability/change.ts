import {
  type Caller,
  type CapabilityRevoked,
  type GrantedCapability,
  type OperationRequest,
  type Role,
  roles,
  SoloError,
} from "../../../api/index.ts";
import type { LiveCapability } from "../../../security/capability/index.ts";
import { emitAbout, nameOf } from "../../capabilities.ts";
import type { Kernel } from "../../kernel.ts";
import { grantedDocument } from "./documents.ts";
import { findCapability, isOwn, mayManage } from "./find.ts";

/**
 * A new capability. The owner's comes from none; what somebody else grants comes from their own capability, so that it allows
 * no more than that and ends with it.
 */
export function grantCapability(
  kernel: Kernel,
  caller: Caller,
  request: OperationRequest<"capabilityGrant">,
): GrantedCapability {
  const { capabilities } = kernel.parts;
  const { tenant, resource, permissions, role, holder, ttl_ms, rate, calls } = request;
  const bounds = { tenant, resource, permissions: withRole(permissions, role) };
  const wanted = { ...bounds, holder, rate, calls, ttlMs: ttl_ms };
  const issued =
    caller.kind === "owner" ? capabilities.grant(wanted) : capabilities.narrow(ownCapability(kernel, caller), wanted);
  tellOf(kernel, "capability_granted", caller, issued.capability);
  return grantedDocument(capabilities, issued);
}

/** A capability that allows less than another one, or the same to somebody else. */
export function narrowCapability(
  kernel: Kernel,
  caller: Caller,
  request: OperationRequest<"capabilityAttenuate"> & { readonly holder?: string },
  event: "capability_attenuated" | "capability_delegated",
): GrantedCapability {
  const { capabilities } = kernel.parts;
  const { tenant, parent: id, resource, permissions, role, holder, ttl_ms, rate, calls } = request;
  const parent =
    id === undefined
      ? ownCapability(kernel, caller)
      : findCapability(kernel, { tenant, id }, (found) => isOwn(caller, found));
  const issued = capabilities.narrow(parent, {
    // A capability on all tenants can be narrowed to one; any other has its own.
    tenant: parent.resource === "*" ? tenant : parent.tenant,
    resource,
    permissions: permissions === undefined && role === undefined ? undefined : withRole(permissions ?? [], role),
    holder,
    rate,
    calls,
    ttlMs: ttl_ms,
  });
  tellOf(kernel, event, caller, issued.capability);
  return grantedDocument(capabilities, issued);
}

/** Ends a capability with all that came from it. Again is harmless. */
export function revokeCapability(
  kernel: Kernel,
  caller: Caller,
  request: OperationRequest<"capabilityRevoke">,
): CapabilityRevoked {
  const live = findCapability(kernel, request, (found) => mayManage(caller, found));
  const ended = kernel.parts.capabilities.revoke(live);
  for (const one of ended) emitAbout(kernel, "capability_revoked", one, { by: nameOf(caller), with: live.id });
  return { id: live.id, tenant: live.tenant, revoked: ended.map(({ id }) => id) };
}

function withRole(permissions: readonly string[], role: Role | undefined): string[] {
  return [...new Set([...(role === undefined ? [] : roles[role]), ...permissions])];
}

/** @throws SoloError `invalid_request` for the owner, who has none */
function ownCapability({ parts }: Kernel, caller: Caller): LiveCapability {
  const live = "capability" in caller ? parts.capabilities.find(caller.capability.id) : undefined;
  if (live !== undefined) return live;
  throw new SoloError("invalid_request", "which capability is to be narrowed?", {
    hint: "name it by its id, or show its token (SOLO_TOKEN)",
  });
}

function tellOf(kernel: Kernel, event: string, caller: Caller, { record }: LiveCapability): void {
  const { parent, expires, rate, calls } = record;
  const data = { parent, expires: expires === null ? null : new Date(expires).toISOString(), rate, calls };
  emitAbout(kernel, event, { record }, { ...data, by: nameOf(caller) });
}
