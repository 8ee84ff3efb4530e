import type { Caller, CallResult, OperationRequest } from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";

/** Has one of a service's instances carry out a method, through the service's mailbox. */
export function call(
  kernel: Kernel,
  { method, input, timeout_ms, ...target }: OperationRequest<"call">,
  caller: Caller,
  signal?: AbortSignal,
): Promise<CallResult> {
  const from = { kind: "api", id: senderOf(caller) } as const;
  return kernel.parts.traffic.calls.call({ from, target, method, input, timeoutMs: timeout_ms, signal });
}

/** In a mailbox each of them has its turn. */
function senderOf(caller: Caller): string {
  return caller.kind === "owner" || caller.kind === "anonymous" ? caller.kind : `capability:${caller.capability.id}`;
}
