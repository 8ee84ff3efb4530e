import type { DeployProgress, OperationRequest } from "../../api/index.ts";
import { SoloError } from "../../api/index.ts";
import type { Instance } from "../../supervise/index.ts";
import type { ReportProgress } from "../api/progress.ts";
import type { Kernel } from "../kernel.ts";
import type { ReportStep } from "../rollout/rollout.ts";
import type { Service } from "../service.ts";
import { changeResult, stepReporter } from "./change.ts";
import { checkUnchanged } from "./check-unchanged.ts";
import { refuseSharedPort } from "./refuse-port.ts";

/** Sets the number of a service's instances. */
export async function scale(
  kernel: Kernel,
  request: OperationRequest<"scale">,
  report: ReportProgress,
): Promise<DeployProgress> {
  const service = kernel.get(request);
  checkUnchanged(kernel, service.ref, request.if_updated);
  if (service.desired !== "running") {
    throw new SoloError("not_running", `${request.name} is ${service.desired}`, {
      hint: `start it with \`solo restart ${request.name}\``,
    });
  }
  const { tenant, replicas } = request;
  const release = kernel.parts.quotas.enter(tenant, [{ name: request.name, spec: service.revision.spec, replicas }]);
  const data = { from: service.replicas, to: replicas };
  kernel.emit({ tenant, event: "scale_requested", subject: service.key, data });
  return changeResult(kernel, service, request, (signal) =>
    setReplicas(kernel, service, request.replicas, {
      wait: request.wait,
      signal,
      report: stepReporter(kernel, service, report),
    }),
  ).finally(release);
}

interface ScaleOptions {
  readonly wait: boolean;
  readonly signal: AbortSignal;
  readonly report: ReportStep;
}

/** @returns whether the number changed */
export async function setReplicas(
  kernel: Kernel,
  service: Service,
  replicas: number,
  options: ScaleOptions,
): Promise<boolean> {
  const { supervisor } = kernel;
  const { wait, signal, report } = options;
  refuseSharedPort(service.ref.name, service.revision.spec, replicas);
  // Those that are least use go first, and among equals the youngest.
  const current = supervisor.instancesOf(service.ref).sort((one, other) => usefulness(other) - usefulness(one));
  const changed = service.replicas !== replicas;
  kernel.commit(service, { replicas });
  const surplus = current.slice(replicas);
  if (surplus.length > 0) report("stop", `stopping ${counted(surplus.length)}`, replicas, replicas);
  await Promise.all(surplus.map((instance) => supervisor.retire(instance)));
  const missing = Math.max(0, replicas - current.length);
  const added = Array.from({ length: missing }, () => supervisor.launch(service.plan()));
  if (missing > 0) report("start", `starting ${counted(missing)}`, current.length, replicas);
  if (wait) {
    await Promise.all(added.map((instance) => supervisor.settled(instance, signal))).catch(throwApplied);
    report("ready", `${replicas} of ${replicas} ready`, replicas, replicas);
  }
  return changed;
}

function counted(instances: number): string {
  return instances === 1 ? "1 instance" : `${instances} instances`;
}

function usefulness({ isReady, pid }: Instance): number {
  if (isReady) return 2;
  return pid === null ? 0 : 1;
}

/** The number stays as it was asked for: the restart policy goes on with what did not get ready. */
function throwApplied(thrown: unknown): never {
  const { code, message, hint, details, cause } = SoloError.from(thrown);
  throw new SoloError(code, message, {
    applied: "yes",
    cause,
    ...(hint !== null && { hint }),
    ...(details && { details }),
  });
}
