import type { Instance } from "../../supervise/index.ts";
import type { RolloutRecord } from "../database/index.ts";
import type { Kernel } from "../kernel.ts";
import { type Revision, type Service, toRevision } from "../service.ts";
import { awaitDependencies } from "./dependencies.ts";
import { replaceInstances, startFirst } from "./rollout.ts";

/**
 * Goes on with a rollout that was accepted before the former kernel died or stopped. Instances of the new revision that are
 * ready stay; a rollout that fails is undone, as it would have been by the former kernel.
 * @throws SoloError as `replaceInstances` and `startFirst`
 */
export async function resumeRollout(
  kernel: Kernel,
  service: Service,
  { ref, revision: id, replicas }: RolloutRecord,
  signal: AbortSignal,
): Promise<void> {
  const record = kernel.parts.database.revisions.get(ref, id);
  if (record === undefined) return kernel.rollouts.end(ref, id);
  const revision = toRevision(record);
  const context = { kernel, service, signal, report: () => undefined };
  const before = () => dependenciesOf(kernel, service, revision, signal);
  if (service.desired !== "running") {
    await startFirst(context, { revision, replicas, wait: false, before });
    return;
  }
  if (revision.id === service.revision.id) return kernel.commit(service, { revision, replicas });
  const fresh = await keepReady(kernel, service, revision);
  await serveFormer(kernel, service, fresh, signal);
  await replaceInstances(context, { revision, replicas, before, fresh });
}

/** The ready instances of the new revision. Its others had not proved themselves, and are stopped. */
async function keepReady(kernel: Kernel, service: Service, revision: Revision): Promise<Instance[]> {
  const { supervisor } = kernel;
  const started = supervisor.instancesOf(service.ref).filter(({ plan }) => plan.revision === revision.id);
  await Promise.all(started.filter(({ isReady }) => !isReady).map((instance) => supervisor.retire(instance)));
  return started.filter((instance) => supervisor.has(instance));
}

/** After a boot nothing runs: the revision that has served before serves again first, so that there is a way back. */
async function serveFormer(
  kernel: Kernel,
  service: Service,
  fresh: readonly Instance[],
  signal: AbortSignal,
): Promise<void> {
  if (fresh.length > 0) return;
  const missing = service.replicas - kernel.supervisor.instancesOf(service.ref).length;
  for (let started = 0; started < missing; started++) kernel.supervisor.launch(service.plan());
  const grace = AbortSignal.any([signal, AbortSignal.timeout(service.revision.spec.health.grace_ms)]);
  const isServed = () => kernel.readyCount(service) >= service.replicas;
  await kernel.until(service.ref, isServed, grace).catch(() => signal.throwIfAborted());
}

async function dependenciesOf(kernel: Kernel, service: Service, { spec }: Revision, signal: AbortSignal) {
  const grace = AbortSignal.any([signal, AbortSignal.timeout(spec.health.grace_ms)]);
  const wait = { together: new Set<string>(), patient: true };
  await awaitDependencies(kernel, service.ref.tenant, spec.depends_on, wait, grace);
}
