import { SoloError } from "../../api/index.ts";
import { admission } from "../access/admission.ts";
import { Access, Idempotency } from "../access/index.ts";
import { refusalEvents } from "../access/refusal-events.ts";
import { kernelApi } from "../api/index.ts";
import { accessAudit } from "../audit.ts";
import { allows } from "../calls/index.ts";
import { capabilityAuthority, isGranted } from "../capabilities.ts";
import type { Kernel } from "../kernel.ts";
import { countOperation } from "../metrics/index.ts";

/** The access layer over a kernel's operations. */
export function openAccess(kernel: Kernel, say: (level: "error", message: string) => void): Access {
  const { capabilities, traffic, audit, database, clock, serviceUses } = kernel.parts;
  return new Access({
    ...kernelApi(kernel),
    authority: capabilityAuthority(
      capabilities,
      ({ tenant, name, instance }, to, method) =>
        allows(kernel, { ref: { tenant, name }, instance }, to) ||
        isGranted(capabilities, { tenant, name }, to, method),
    ),
    admission: admission(traffic),
    audit: accessAudit(audit.trail),
    idempotency: new Idempotency({
      records: database.idempotency,
      now: () => clock.now(),
      onFailure: (error) =>
        say("error", `what became of a request can't be recorded: ${SoloError.from(error).message}`),
    }),
    onRefusal: refusalEvents(kernel),
    onEnd: ({ operation, tenant, caller }, error, tookMs) => {
      const byCapability = caller.kind === "capability" || caller.kind === "service";
      if (caller.kind === "service" && operation !== "authenticate") {
        serviceUses.operated(caller, caller.instance, operation);
      }
      kernel.parts.tracing.operation(operation, tenant, error, tookMs);
      countOperation(kernel.parts.metrics, { operation, tenant, byCapability, error, tookMs });
    },
  });
}
