import type { CapabilityDocument, GrantedCapability } from "../../../api/index.ts";
import type { Capabilities, Issued, LiveCapability } from "../../../security/capability/index.ts";

export function capabilityDocument(capabilities: Capabilities, live: LiveCapability): CapabilityDocument {
  const { id, tenant, resource, permissions, holder, parent, created, expires, rate, calls, instance } = live.record;
  return {
    id,
    tenant,
    resource,
    permissions: [...permissions],
    state: capabilities.stateOf(live),
    holder,
    parent,
    created: moment(created),
    expires: expires === null ? null : moment(expires),
    revoked: live.revoked === null ? null : moment(live.revoked),
    rate,
    calls,
    calls_used: calls === null ? 0 : live.used,
    instance,
  };
}

/** The one time that a token is shown. */
export function grantedDocument(capabilities: Capabilities, { capability, token }: Issued): GrantedCapability {
  return { ...capabilityDocument(capabilities, capability), token };
}

function moment(ms: number): string {
  return new Date(ms).toISOString();
}
