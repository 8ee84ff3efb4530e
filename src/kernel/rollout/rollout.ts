import { SoloError } from "../../api/index.ts";
import { type Fleet, RolloutFailure, rollOut } from "../../deploy/index.ts";
import type { EarlyHost, Instance, LaunchPlan, Supervisor } from "../../supervise/index.ts";
import type { Kernel } from "../kernel.ts";
import type { Revision, Service } from "../service.ts";

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

export interface FirstStart {
  readonly revision: Revision;
  readonly replicas: number;
  readonly wait: boolean;
  /** The process of the first instance, if it is there already. */
  readonly early?: EarlyHost | undefined;
  /** What has to be waited for, once the desired state is kept. */
  readonly before?: () => Promise<void>;
}

/**
 * Starts a service that runs nothing yet. The desired state is kept first, so that a crash of the kernel loses nothing.
 * @throws SoloError `start_failed` when an instance does not get ready; nothing of it is left running then
 */
export async function startFirst(context: RolloutContext, start: FirstStart): Promise<void> {
  const { kernel, service, signal, report } = context;
  const { revision, replicas, wait, early, before } = start;
  const { supervisor } = kernel;
  for (const old of supervisor.instancesOf(service.ref)) await supervisor.retire(old);
  kernel.commit(service, { revision, replicas, desired: "running" });
  kernel.add(service);
  let ready = 0;
  const off = new AbortController();
  const untilOff = AbortSignal.any([signal, off.signal]);
  const launch = async (host?: EarlyHost): Promise<Instance> => {
    const instance = await supervisor.launchOnTrial(service.plan(), untilOff, host);
    ready += 1;
    report("ready", `${ready} of ${replicas} ready`, ready, replicas);
    return instance;
  };
  const starts: Promise<Instance>[] = [];
  try {
    await before?.();
    report("start", replicas === 1 ? "starting" : `starting ${replicas} instances`, 0, replicas);
    for (let started = 0; started < replicas; started++) {
      const host = started === 0 ? early : undefined;
      if (wait) starts.push(launch(host));
      else supervisor.launch(service.plan(), host);
    }
    await Promise.all(starts);
  } catch (error) {
    if (signal.aborted) throw error;
    off.abort(error);
    throw await giveUp(context, starts, SoloError.from(error));
  }
}

/** A start that failed is not tried again by itself: the desired state says so, and what did start is stopped. */
async function giveUp(
  { kernel, service }: RolloutContext,
  starts: readonly Promise<Instance>[],
  cause: SoloError,
): Promise<SoloError> {
  try {
    kernel.commit(service, { desired: "failed" });
  } finally {
    const outcomes = await Promise.allSettled(starts);
    const started = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    await Promise.all(started.map((instance) => kernel.supervisor.retire(instance)));
  }
  const { code, message, hint, details } = cause;
  const { tenant } = service.ref;
  kernel.emit({ tenant, event: "service_failed", subject: service.key, data: { code, reason: message } });
  return new SoloError(code, message, {
    applied: "yes",
    cause,
    ...(hint !== null && { hint }),
    ...(details && { details }),
  });
}

export interface Replacement {
  readonly revision: Revision;
  readonly replicas: number;
  /** What has to be waited for, once it is kept what the service is to become. */
  readonly before?: () => Promise<void>;
  /** Ready instances of the revision that an earlier attempt had started. */
  readonly fresh?: readonly Instance[];
}

/**
 * Replaces the running instances by those of a revision (the same one, for a restart) without a moment below the ready count.
 * What the service is to become is kept first: a kernel that dies on the way has its successor go on.
 * @throws SoloError `rolled_back` when the new ones failed and the old revision serves, `start_failed` when nothing serves
 */
export async function replaceInstances(context: RolloutContext, replacement: Replacement): Promise<void> {
  const { kernel, service, signal } = context;
  const { revision, replicas, before } = replacement;
  if (revision.id !== service.revision.id || replicas !== service.replicas) {
    kernel.rollouts.begin(service.ref, revision, replicas);
  }
  try {
    await before?.();
    await replace(context, replacement);
  } catch (error) {
    // A kernel that stops leaves it to the next one; a kill has ended it.
    if (!signal.aborted) kernel.rollouts.end(service.ref, revision.id);
    throw error;
  }
}

async function replace(context: RolloutContext, { revision, replicas, fresh = [] }: Replacement): Promise<void> {
  const { kernel, service, signal, report } = context;
  const { supervisor } = kernel;
  const former = { revision: service.revision, replicas: service.replicas };
  const old = supervisor.instancesOf(service.ref).filter((instance) => !fresh.includes(instance));
  const replaced = fresh.length === 0 ? 0 : Math.max(0, former.replicas - old.length);
  const commit = () => kernel.commit(service, { revision, replicas, desired: "running" });
  const fleet: Fleet<Instance> = {
    startNew: () => supervisor.launchOnTrial(service.plan(revision), signal),
    startOld: () => startAgain(supervisor, service.plan(former.revision), signal),
    stop: async (instance) => void (await supervisor.retire(instance)),
    progress: (step, done, total) => {
      if (step === "replace" && done === total) commit();
      report(step, step === "start" ? `starting revision ${revision.id}` : `${done} of ${total} replaced`, done, total);
    },
  };
  const port = revision.spec.fixed_port;
  const isAgent = revision.spec.kind === "port" && former.revision.spec.kind === "port";
  const recreate = isAgent || (port !== undefined && port === former.revision.spec.fixed_port);
  const tell = (event: string, data: Readonly<Record<string, unknown>>) =>
    void kernel.emit({ tenant: service.ref.tenant, event, subject: service.key, data });
  tell("rollout_started", { from: former.revision.id, to: revision.id });
  try {
    if (fresh.length >= replicas) commit();
    await rollOut(fleet, { old, fresh, replaced, replicas, recreate });
    tell("rollout_completed", { revision: revision.id });
  } catch (error) {
    if (!(error instanceof RolloutFailure) || signal.aborted) throw signal.aborted ? signal.reason : error;
    if (service.revision !== former.revision) kernel.commit(service, { ...former, desired: "running" });
    throw rolledBack(kernel, service, former.revision, SoloError.from(error.cause));
  }
}

/** The old revision has served before: when it does not get ready at once, its restart policy goes on trying. */
async function startAgain(supervisor: Supervisor, plan: LaunchPlan, signal: AbortSignal): Promise<Instance> {
  try {
    return await supervisor.launchOnTrial(plan, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    return supervisor.launch(plan);
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
