import { SoloError } from "../api/index.ts";
import { type Fleet, RolloutFailure, rollOut } from "../deploy/index.ts";
import type { Instance } from "../supervise/index.ts";
import type { Kernel } from "./kernel.ts";
import type { Revision, Service } from "./service.ts";

export type ReportStep = (
  phase: "start" | "ready" | "replace" | "stop",
  message: string,
  ready: number,
  replicas: number,
) => void;

export interface RolloutContext {
  readonly kernel: Kernel;
  readonly service: Service;
  readonly signal: AbortSignal;
  readonly report: ReportStep;
}

/**
 * Starts a service that runs nothing yet. The desired state is kept first, so that a crash of the kernel loses nothing.
 * @throws SoloError `start_failed` when an instance does not get ready; nothing of it is left running then
 */
export async function startFirst(
  context: RolloutContext,
  revision: Revision,
  replicas: number,
  wait: boolean,
): Promise<void> {
  const { kernel, service, signal, report } = context;
  for (const old of kernel.supervisor.instancesOf(service.ref)) await kernel.supervisor.retire(old);
  kernel.commit(service, { revision, replicas, desired: "running" });
  report("start", replicas === 1 ? "starting" : `starting ${replicas} instances`, 0, replicas);
  if (!wait) {
    for (let started = 0; started < replicas; started++) kernel.supervisor.launch(service.plan());
    return;
  }
  let ready = 0;
  const starts = Array.from({ length: replicas }, async () => {
    const instance = await kernel.supervisor.launchOnTrial(service.plan(), signal);
    ready += 1;
    report("ready", `${ready} of ${replicas} ready`, ready, replicas);
    return instance;
  });
  try {
    await Promise.all(starts);
  } catch (error) {
    if (signal.aborted) throw error;
    kernel.commit(service, { desired: "failed" });
    const outcomes = await Promise.allSettled(starts);
    const started = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    await Promise.all(started.map((instance) => kernel.supervisor.retire(instance)));
    throw error;
  }
}

/**
 * Replaces the running instances by those of a revision (the same one, for a restart) without a moment below the ready count.
 * @throws SoloError `rolled_back` when the new ones failed and the old revision serves, `start_failed` when nothing serves
 */
export async function replaceInstances(context: RolloutContext, revision: Revision, replicas: number): Promise<void> {
  const { kernel, service, signal, report } = context;
  const { supervisor } = kernel;
  const former = service.revision;
  const old = supervisor.instancesOf(service.ref);
  const start = (of: Revision) => supervisor.launchOnTrial(service.plan(of), signal);
  const fleet: Fleet<Instance> = {
    startNew: () => start(revision),
    startOld: () => start(former),
    stop: async (instance) => void (await supervisor.retire(instance)),
    progress: (step, done, total) => {
      if (step === "replace" && done === total) kernel.commit(service, { revision, replicas, desired: "running" });
      report(step, step === "start" ? `starting ${revision.id}` : `${done} of ${total} replaced`, done, total);
    },
  };
  const recreate = revision.spec.fixed_port !== undefined && revision.spec.fixed_port === former.spec.fixed_port;
  kernel.emit({
    tenant: service.ref.tenant,
    event: "rollout_started",
    subject: service.key,
    data: { from: former.id, to: revision.id },
  });
  try {
    await rollOut(fleet, { old, replicas, recreate });
    kernel.emit({
      tenant: service.ref.tenant,
      event: "rollout_completed",
      subject: service.key,
      data: { revision: revision.id },
    });
  } catch (error) {
    if (!(error instanceof RolloutFailure) || signal.aborted) throw signal.aborted ? signal.reason : error;
    kernel.commit(service, { revision: former, desired: "running" });
    throw rolledBack(kernel, service, former, SoloError.from(error.cause));
  }
}

function rolledBack(kernel: Kernel, service: Service, former: Revision, cause: SoloError): SoloError {
  const { tenant, name } = service.ref;
  const ready = kernel.readyCount(service);
  kernel.emit({
    tenant,
    event: "rollout_rolled_back",
    subject: service.key,
    data: { revision: former.id, reason: cause.message, ready },
  });
  const details = { ...cause.details, revision: former.id, ready };
  const hint = cause.hint ?? `\`solo logs ${name}\` shows what it wrote`;
  if (ready === 0)
    return new SoloError("start_failed", `${cause.message}; no instance is ready`, {
      hint,
      details,
      applied: "no",
      cause,
    });
  const message = `${cause.message}; rolled back: revision ${former.id} is serving with ${ready} ready`;
  return new SoloError("rolled_back", message, { hint, details, applied: "no", cause });
}
