import { defaultTenant, type SoloError } from "../../api/index.ts";
import { nameOf } from "../capabilities.ts";
import type { Kernel } from "../kernel.ts";
import type { AccessParts, RefusedRequest } from "./index.ts";

/** The same refusal within this time is counted, and told with the next one. */
const quietMs = 10_000;
/** Different refusals that are told apart within that time; a flood of others is one. */
const mostKinds = 1_000;

/**
 * Every refusal is an event. Whoever asks again and again can't push other events
 * out: the same refusal is told once in a while, with how often it came.
 */
export function refusalEvents(kernel: Kernel): NonNullable<AccessParts["onRefusal"]> {
  const told = new Map<string, { at: number; again: number }>();
  return (request, error) => {
    if (error.code !== "forbidden" && error.code !== "unauthenticated") return;
    const now = kernel.clock.monotonic();
    const kind = kindOf(request, error);
    const known = told.get(kind);
    if (known !== undefined && now - known.at < quietMs) {
      known.again += 1;
      return;
    }
    for (const [other, { at }] of told) if (now - at >= quietMs && other !== kind) told.delete(other);
    if (known === undefined && told.size >= mostKinds) return;
    told.set(kind, { at: now, again: 0 });
    const { caller, operation, permission, tenant, names } = request;
    // Whoever reaches for another tenant is its own tenant's affair: the other one learns nothing of it.
    const own = "capability" in caller ? caller.capability.tenant : defaultTenant;
    const [name] = tenant === own ? names : [];
    kernel.emit({
      tenant: own,
      event: "capability_denied",
      subject: name === undefined ? "capability" : `${own}/${name}`,
      data: {
        by: nameOf(caller),
        operation,
        permission,
        reason: error.message,
        request_id: caller.request_id,
        ...(known !== undefined && known.again > 0 && { repeated: known.again }),
      },
    });
  };
}

function kindOf({ caller, operation, permission, tenant, names }: RefusedRequest, { code }: SoloError): string {
  return [nameOf(caller), operation, permission, tenant, names.join(","), code].join(" ");
}
