import type { CapabilityDocument, CapabilityList, CapabilityRevoked, GrantedCapability } from "../../api/index.ts";
import type { View } from "../view.ts";
import { renderFacts } from "./facts.ts";
import { renderTable } from "./table.ts";

export function renderCapabilities({ capabilities }: CapabilityList, view: View): string {
  if (capabilities.length === 0) return "no capabilities; `solo capability grant` makes one";
  return renderTable(
    capabilities,
    [
      { title: "ID", value: ({ id }) => id },
      { title: "RESOURCE", value: ({ resource }) => resource },
      { title: "STATE", value: ({ state }) => state.replace("_", " ") },
      { title: "EXPIRES", value: ({ expires }) => expires ?? "never" },
      { title: "HOLDER", value: ({ holder, instance }) => holder ?? instance ?? "" },
      { title: "PERMISSIONS", value: ({ permissions }) => permissions.join(","), shrinks: true },
    ],
    view,
  );
}

export function renderCapability(capability: CapabilityDocument, view: View): string {
  return renderFacts(factsOf(capability), view);
}

/** Standard output has the token on a line of its own, so that it can be copied. */
export function renderGranted({ token, ...capability }: GrantedCapability, view: View): string {
  return `${renderFacts(factsOf(capability), view)}\n\n${token}\n\nThe token is shown this once. Keep it like a password.`;
}

export function renderRevoked({ id, revoked }: CapabilityRevoked): string {
  if (revoked.length === 0) return `${id} had ended already`;
  const others = revoked.length - (revoked.includes(id) ? 1 : 0);
  return others === 0 ? `${id} is revoked` : `${id} is revoked, and ${others} that came from it`;
}

function factsOf(capability: CapabilityDocument): [string, string][] {
  const { id, tenant, resource, permissions, state, holder, parent, created, expires } = capability;
  const { revoked, rate, calls, calls_used, instance } = capability;
  const facts: [string, string | null][] = [
    ["id", id],
    ["tenant", resource === "*" ? "all" : tenant],
    ["resource", resource],
    ["permissions", permissions.join(", ")],
    ["state", state.replace("_", " ")],
    ["holder", holder],
    ["comes from", parent],
    ["instance", instance],
    ["created", created],
    ["expires", expires ?? "never"],
    ["revoked", revoked],
    ["rate", rate === null ? null : `${rate} operations a second`],
    ["calls", calls === null ? null : `${calls_used} of ${calls} used`],
  ];
  return facts.flatMap(([label, value]): [string, string][] => (value === null ? [] : [[label, value]]));
}
