import { type ServiceRef, serviceKey } from "../../api/index.ts";
import type { EndedStep } from "../../state/index.ts";
import type { Kernel } from "../kernel.ts";
import { parentTrace } from "./parent-trace.ts";

/** Records the span of a step or an effect, in the trace of what it was done in the course of. */
export function traceStep(kernel: Kernel, ref: ServiceRef, instance: string, ended: EndedStep): void {
  const { kind, run, id, time, trace } = ended;
  const { span, parent, error = null, elapsed_ms } = trace;
  const step = {
    kind,
    run,
    id,
    instance,
    end: time,
    service: serviceKey(ref),
    spanId: span,
    parent: parent === undefined ? undefined : parentTrace(kernel, { ref, instance }, parent).span,
  };
  const told = error === null ? null : kernel.parts.secrets.redaction.text(ref, error);
  kernel.parts.tracing.step(step, told, elapsed_ms);
}
