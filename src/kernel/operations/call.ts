import { type CallResult, type OperationRequest, SoloError } from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";
import { plainJson } from "./plain-json.ts";

/** Has one of a service's instances carry out a method: those that are ready take turns. */
export async function call(
  kernel: Kernel,
  { method, input, timeout_ms, ...target }: OperationRequest<"call">,
  signal?: AbortSignal,
): Promise<CallResult> {
  const started = kernel.clock.monotonic();
  const service = kernel.get(target);
  const { kind } = service.revision.spec;
  const { name } = service.ref;
  if (kind !== "source" && kind !== "port") {
    throw new SoloError("invalid_request", `${name} is a ${kind} service, which has no methods`, {
      hint: "source services have `methods`, port agents answer requests",
    });
  }
  const ready = kernel.supervisor.instancesOf(service.ref).filter((instance) => instance.isReady);
  const instance = ready[service.takeTurn() % Math.max(1, ready.length)];
  if (instance?.process === undefined) {
    const isWanted = service.desired === "running";
    throw new SoloError(isWanted ? "unhealthy" : "not_running", `no instance of ${name} is ready`, {
      hint: isWanted ? "try again in a moment; `solo status` shows how it is" : `\`solo restart ${name}\` starts it`,
    });
  }
  const output = await instance.process.call(method, input, timeout_ms, signal);
  const took_ms = Math.round((kernel.clock.monotonic() - started) * 10) / 10;
  return { output: plainJson(output), instance: instance.id, revision: instance.plan.revision, took_ms };
}
