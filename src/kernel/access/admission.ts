import { type OperationName, operations } from "../../api/index.ts";
import type { RateLimit, Slots, TenantRates } from "../../traffic/admission/index.ts";
import type { AccessRequest, Admission } from "./index.ts";

export interface AdmissionParts {
  /** Of what is answered with one document, or changes something: it has its place until it has ended. */
  readonly slots: Slots;
  /** Of streams that only read: they may stay open for days, so they have places of their own. */
  readonly streams: Slots;
  readonly rates: RateLimit;
  readonly tenantRates: TenantRates;
}

/**
 * Who may begin something now. The owner's operations are never refused, and take nobody's place, except its calls of
 * services; neither is what needs no credentials. All others count by the rate of their capability and of the tenant, and by what is in flight in
 * the tenant that they ask something of.
 */
export function admission({ slots, streams, rates, tenantRates }: AdmissionParts): Admission {
  return {
    admit: ({ caller, operation, permission, tenant }: AccessRequest) => {
      const isCall = operation === "call";
      if (permission === "open" || (caller.kind === "owner" && !isCall) || caller.kind === "anonymous") return noSlot;
      if (caller.kind !== "owner") {
        rates.take(caller.capability.id, caller.capability.rates);
        if (tenant !== null) tenantRates.take(tenant);
      }
      return (isReadingStream(operation) ? streams : slots).take(tenant ?? kernelsOwn);
    },
    check: ({ capability }, operation, tenant) => {
      rates.check(capability.id, capability.rates);
      tenantRates.check(tenant);
      (isReadingStream(operation) ? streams : slots).check(tenant);
    },
  };
}

const noSlot = { release: () => undefined };

/** Stands for a tenant where the kernel itself is asked; no tenant has such a name. */
const kernelsOwn = "the kernel";

function isReadingStream(operation: OperationName): boolean {
  const { stream, changes } = operations[operation];
  return stream && !changes;
}
