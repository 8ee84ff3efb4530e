import { type CapabilityFacts, defaultTenant, operations, type ServiceCaller, SoloError } from "../../api/index.ts";
import type { AccessRequest, CapabilityAuthority } from "./ports.ts";

/**
 * Whether a caller may have an operation. The words of a refusal follow from the request and the capability alone, never from
 * what there is: they don't tell whether a service or a tenant exists.
 * @throws SoloError `unauthenticated` without credentials, `forbidden` with the missing permission and the resource
 */
export function authorize(request: AccessRequest, authority: CapabilityAuthority | undefined): void {
  const { caller, permission } = request;
  if (caller.kind === "owner" || permission === "open") return;
  if (caller.kind === "anonymous") throw noCredentials();
  const { on } = operations[request.operation];
  if (isCovered(request, caller.capability, on)) return;
  if (caller.kind === "service" && isGranted(request, caller, authority)) return;
  throw forbidden(request, caller.capability);
}

/** Whether a capability's permissions have one: `call` has every method's. */
export function hasPermission({ permissions }: CapabilityFacts, permission: string): boolean {
  return permissions.includes(permission) || (permission.startsWith("call:") && permissions.includes("call"));
}

/** Whether a capability reaches a service. */
export function coversService({ resource, tenant }: CapabilityFacts, of: string, name: string): boolean {
  if (resource === "*") return true;
  return tenant === of && (resource === "tenant" || resource === `service:${name}`);
}

/** Whether a capability reaches all of a tenant; null stands for the kernel itself. */
export function coversTenant({ resource, tenant }: CapabilityFacts, of: string | null): boolean {
  return resource === "*" || (of !== null && tenant === of && resource === "tenant");
}

function isCovered(
  { permission, tenant, names }: AccessRequest,
  capability: CapabilityFacts,
  on: (typeof operations)[keyof typeof operations]["on"],
): boolean {
  if (permission !== "any" && !hasPermission(capability, permission)) return false;
  if (on === "kernel" || tenant === null) return coversTenant(capability, null);
  if (on === "tenant") return coversTenant(capability, tenant);
  if (on === "visible" && names.length === 0) return capability.resource === "*" || capability.tenant === tenant;
  return names.every((name) => coversService(capability, tenant, name));
}

/** What a service may call beyond itself. */
function isGranted(
  { permission, tenant, names, operation }: AccessRequest,
  from: ServiceCaller,
  authority: CapabilityAuthority | undefined,
): boolean {
  if (operation !== "call" || tenant === null || authority === undefined) return false;
  const method = permission.slice("call:".length);
  return names.every((name) => authority.mayCall(from, { tenant, name }, method));
}

/** No credentials, or those of nobody. */
export function noCredentials(): SoloError {
  return new SoloError("unauthenticated", "the request carries no credentials", {
    hint: "send `Authorization: Bearer TOKEN`, or on the socket the owner's key (the file beside it) as x-solo-owner",
  });
}

function forbidden({ operation, permission, tenant, names }: AccessRequest, capability: CapabilityFacts): SoloError {
  const { on } = operations[operation];
  const resource =
    on === "kernel" || tenant === null
      ? "*"
      : names.length > 0
        ? names.map((name) => `service:${name}`).join(", ")
        : "tenant";
  const where = resource === "*" || tenant === defaultTenant ? "" : ` of tenant ${tenant}`;
  const flag = tenant === null || tenant === defaultTenant || resource === "*" ? "" : ` --tenant ${tenant}`;
  const asked = names.length > 1 ? "tenant" : resource;
  return new SoloError("forbidden", `${operation} needs the permission ${permission} on ${resource}${where}`, {
    hint: `its owner can grant it: \`solo capability grant --resource '${asked}' --permissions ${permission}${flag}\``,
    details: { permission, resource, tenant: resource === "*" ? null : tenant, capability: capability.id },
  });
}
