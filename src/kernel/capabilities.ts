import {
  type Caller,
  type CapabilityCaller,
  isCertificateId,
  type ServiceCaller,
  type ServiceRef,
} from "../api/index.ts";
import { Capabilities, capabilityTable, type LiveCapability } from "../security/capability/index.ts";
import type { Clock } from "../system/index.ts";
import type { CapabilityAuthority } from "./access/index.ts";
import type { KernelDatabase } from "./database/index.ts";
import type { Kernel } from "./kernel.ts";

/** The capabilities of a kernel. One that has expired is an event. */
export function openCapabilities(database: KernelDatabase, clock: Clock, kernel: () => Kernel): Capabilities {
  return new Capabilities({
    table: capabilityTable(database.handle),
    clock,
    onExpired: (capability) => emitAbout(kernel(), "capability_expired", capability, {}),
  });
}

/** What the access layer asks of the capabilities. */
export function capabilityAuthority(
  capabilities: Capabilities,
  mayCall: CapabilityAuthority["mayCall"],
): CapabilityAuthority {
  return {
    callerOf: (token, requestId) => callerOf(capabilities.authenticate(token), requestId),
    // A client certificate is valid as long as its connection is, and has no number of uses.
    use: (id) => (isCertificateId(id) ? undefined : capabilities.use(id)),
    onEnd: (id, callback) => (isCertificateId(id) ? () => undefined : capabilities.onEnd(id, callback)),
    mayCall,
  };
}

/** Whether a service holds a capability to call another one's method. */
export function isGranted(capabilities: Capabilities, from: ServiceRef, to: ServiceRef, method: string): boolean {
  return capabilities.isHeld(from, { tenant: to.tenant, resource: `service:${to.name}` }, `call:${method}`);
}

/** Who did something, in events. */
export function nameOf(caller: Caller): string {
  if (caller.kind === "capability") return caller.capability.id;
  return caller.kind === "service" ? `${caller.tenant}/${caller.name}/${caller.instance}` : caller.kind;
}

/** An event about a capability: seen by its tenant, and for one on a service by those who see that service. */
export function emitAbout(
  kernel: Kernel,
  event: string,
  { record }: Pick<LiveCapability, "record">,
  data: Readonly<Record<string, unknown>>,
): void {
  const { id, tenant, resource, permissions, holder } = record;
  const subject = resource.startsWith("service:") ? `${tenant}/${resource.slice("service:".length)}` : "capability";
  kernel.emit({ tenant, event, subject, data: { id, resource, permissions, holder, ...data } });
}

/** Who shows the token of a capability. */
export function callerOf({ facts, record }: LiveCapability, requestId: string): CapabilityCaller | ServiceCaller {
  const { instance, tenant, resource } = record;
  if (instance === null) return { kind: "capability", request_id: requestId, capability: facts };
  const name = resource.slice("service:".length);
  return { kind: "service", request_id: requestId, tenant, name, instance, capability: facts };
}
