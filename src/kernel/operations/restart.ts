import type { DeployProgress, OperationRequest } from "../../api/index.ts";
import type { ReportProgress } from "../api/progress.ts";
import type { Kernel } from "../kernel.ts";
import { replaceInstances, startFirst } from "../rollout/rollout.ts";
import { changeResult, stepReporter } from "./change.ts";
import { checkUnchanged } from "./check-unchanged.ts";

/** Replaces every instance by a fresh one of the same revision, as a rollout does; starts a service that was stopped. */
export async function restart(
  kernel: Kernel,
  request: OperationRequest<"restart">,
  report: ReportProgress,
): Promise<DeployProgress> {
  const service = kernel.get(request);
  checkUnchanged(kernel, service.ref, request.if_updated);
  const again = { name: request.name, spec: service.revision.spec, replicas: Math.max(1, service.replicas) };
  const release = kernel.parts.quotas.enter(request.tenant, service.desired === "running" ? [] : [again]);
  kernel.emit({ tenant: request.tenant, event: "restart_requested", subject: service.key, data: {} });
  return changeResult(kernel, service, request, async (signal) => {
    const context = { kernel, service, signal, report: stepReporter(kernel, service, report) };
    const live = kernel.supervisor.instancesOf(service.ref).some(({ pid }) => pid !== null);
    const replicas = Math.max(service.replicas, service.desired === "running" ? 0 : 1);
    if (service.desired === "running" && live)
      await replaceInstances(context, { revision: service.revision, replicas });
    else await startFirst(context, { revision: service.revision, replicas, wait: request.wait });
    return true;
  }).finally(release);
}
