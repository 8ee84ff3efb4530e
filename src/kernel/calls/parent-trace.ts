import { partsOfParent, type ServiceRef } from "../../api/index.ts";
import { parseTraceparent, type SpanContext } from "../../observe/telemetry/index.ts";
import type { Trace } from "../../supervise/index.ts";
import type { Kernel } from "../kernel.ts";

/** What an instance does something in the course of. */
export interface Parent {
  /** The call, as the kernel knows it: what a service says of itself may be wrong. */
  readonly call: Trace | undefined;
  /** What it is traced as a part of: a step, the call, or the request whose `traceparent` the service names. */
  readonly span: SpanContext | undefined;
}

/** @param name what the instance gave as its parent, in the form of `src/api/trace-parent.ts` */
export function parentTrace(
  kernel: Kernel,
  { ref, instance }: { readonly ref: ServiceRef; readonly instance: string },
  name: string,
): Parent {
  const { underWay, span: spanId } = partsOfParent(name);
  const asked = kernel.supervisor.instancesOf(ref).find(({ id }) => id === instance);
  const call = asked?.process?.traceOf(underWay);
  const span = call === undefined ? parseTraceparent(underWay) : call.span;
  return { call, span: span !== undefined && spanId !== undefined ? { ...span, spanId } : span };
}
