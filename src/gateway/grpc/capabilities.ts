import { roleNames } from "../../api/index.ts";
import { SoloKernel } from "../../api/proto/solo/v1/solo.gen.ts";
import { type Method, unary } from "./method.ts";
import { given, integerOf, invalid, millisecondsOf } from "./values.ts";

/** GrantCapability and RevokeCapability. */
export const capabilityMethods: readonly Method[] = [
  unary(SoloKernel.method.grantCapability, async ({ resource, permissions, role, holder, ...bounds }, call) => {
    const ttl_ms = integerOf(bounds.ttlMs, "ttl_ms");
    const granted = await call.api.capabilityGrant({
      tenant: call.tenant(),
      resource,
      permissions,
      role: roleOf(role),
      holder: given(holder),
      ttl_ms: ttl_ms === 0 ? undefined : ttl_ms,
      rate: bounds.rate === 0 ? undefined : bounds.rate,
      calls: bounds.calls === 0 ? undefined : bounds.calls,
    });
    const { id, token, tenant, expires } = granted;
    const expiresMs = millisecondsOf(expires);
    return { id, token, tenant, resource: granted.resource, permissions: granted.permissions, expiresMs };
  }),
  unary(SoloKernel.method.revokeCapability, async ({ id }, call) => {
    const { revoked } = await call.api.capabilityRevoke({ tenant: call.tenant(), id });
    return { revoked };
  }),
];

function roleOf(text: string) {
  if (text === "") return undefined;
  const role = roleNames.find((name) => name === text);
  if (role !== undefined) return role;
  throw invalid("role", `expects one of ${roleNames.join(", ")}`);
}
