import { type CapabilityFacts, type OperationName, operationNames, operations } from "../../api/index.ts";

/** What decides which tools are offered; what is then done with them is decided behind the API, at every call. */
export type Reach = Pick<CapabilityFacts, "tenant" | "resource" | "permissions">;

/** The operations that a capability allows on something. */
export function allowedOperations(reach: Reach): OperationName[] {
  return operationNames.filter((name) => isAllowed(name, reach));
}

function isAllowed(name: OperationName, { resource, permissions }: Reach): boolean {
  const { permission, on } = operations[name];
  if (permission === "open") return true;
  if (on === "kernel" && resource !== "*") return false;
  if (on === "tenant" && resource !== "*" && resource !== "tenant") return false;
  if (permission === "any" || permissions.includes(permission)) return true;
  return permission === "call" && permissions.some((one) => one.startsWith("call:"));
}
