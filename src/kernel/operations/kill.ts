import { type KillResult, type OperationRequest, SoloError, type StoppedInstance } from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";

/**
 * Stops a service: its desired state first, then every instance with its whole process tree.
 * @throws SoloError `stop_failed` naming the pids that remain
 */
export async function kill(kernel: Kernel, request: OperationRequest<"kill">): Promise<KillResult> {
  const begin = kernel.clock.monotonic();
  const service = kernel.get(request);
  kernel.commit(service, { desired: "stopped" });
  // A second kill, with force, must not wait out the grace of the first.
  if (request.force) for (const instance of kernel.supervisor.instancesOf(service.ref)) instance.hurry();
  const stopping = service.operations.run(async () => {
    kernel.commit(service, { desired: "stopped" });
    const options = { force: request.force, ...(request.grace_ms !== undefined && { graceMs: request.grace_ms }) };
    const instances = kernel.supervisor.instancesOf(service.ref);
    const outcomes = await Promise.allSettled(instances.map((instance) => kernel.supervisor.retire(instance, options)));
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
