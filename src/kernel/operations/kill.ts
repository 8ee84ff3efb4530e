import { type KillResult, type OperationRequest, SoloError, type StoppedInstance } from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";
import { checkUnchanged } from "./check-unchanged.ts";

/**
 * Stops a service: its desired state first, then every instance with its whole process tree. Also on a disk that takes nothing.
 * @throws SoloError `stop_failed` naming the pids that remain
 */
export async function kill(kernel: Kernel, request: OperationRequest<"kill">): Promise<KillResult> {
  const begin = kernel.clock.monotonic();
  const service = kernel.get(request);
  checkUnchanged(kernel, service.ref, request.if_updated);
  const options = { force: request.force, ...(request.grace_ms !== undefined && { graceMs: request.grace_ms }) };
  const { tenant, force } = request;
  if (kernel.supervisor.instancesOf(service.ref).length > 0) {
    kernel.emit({ tenant, event: "kill_requested", subject: service.key, data: { force } });
  }
  kernel.unsavedStops.stopWanting(service);
  // A stop that is under way already, or will be once a rollout is called off, must not take longer than this one may.
  for (const instance of kernel.supervisor.instancesOf(service.ref)) instance.hasten(options);
  const stopping = service.operations.run(async () => {
    kernel.unsavedStops.stopWanting(service);
    const retiring = kernel.supervisor
      .instancesOf(service.ref)
      .map((instance) => kernel.supervisor.retire(instance, options));
    const outcomes = await Promise.allSettled(retiring);
    const failure = outcomes.find((outcome) => outcome.status === "rejected");
    if (failure !== undefined) throw SoloError.from(failure.reason);
    return outcomes.flatMap((outcome): StoppedInstance[] => (outcome.status === "fulfilled" ? [outcome.value] : []));
  }, true);
  const instances = await stopping;
  if (instances.length > 0) {
    kernel.emit({
      tenant: request.tenant,
      event: "service_killed",
      subject: service.key,
      data: { force: request.force },
    });
  }
  const took_ms = Math.round(kernel.clock.monotonic() - begin);
  return { service: request.name, tenant: request.tenant, state: "stopped", instances, took_ms };
}
