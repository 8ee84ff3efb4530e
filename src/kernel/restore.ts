import { type ServiceRef, SoloError, serviceKey } from "../api/index.ts";
import type { Instance, InstanceRecord } from "../supervise/index.ts";
import { bootId } from "../system/index.ts";
import type { RevisionRecord } from "./database/index.ts";
import { awaitDependencies } from "./dependencies.ts";
import type { Kernel } from "./kernel.ts";
import { type Revision, Service } from "./service.ts";

/**
 * Brings the desired state back: takes over the processes that outlived a former kernel, concludes those that did not, and
 * starts what is missing, dependencies first. Returns once everything that lives is adopted; the rest goes on behind it.
 */
export function restore(kernel: Kernel): void {
  const { database } = kernel.parts;
  for (const { ref, revision: id, desired, replicas } of database.services.list()) {
    const revision = database.revisions.get(ref, id);
    if (revision === undefined) throw missingRevision(ref, id);
    const service = kernel.add(new Service(ref, toRevision(revision), desired, replicas));
    if (desired === "running") kernel.routes.open(ref, service.revision.spec);
  }
  for (const { tenant, ...group } of database.groups.list()) kernel.supervisor.setGroup(tenant, group);
  const salvaging = new Map<string, Promise<void>[]>();
  for (const record of database.instances.list()) {
    const key = serviceKey(record.ref);
    const aftermath = takeOver(kernel, record);
    if (aftermath !== undefined) salvaging.set(key, [...(salvaging.get(key) ?? []), aftermath]);
  }
  for (const service of kernel.services()) {
    const salvaged = Promise.all(salvaging.get(service.key) ?? []);
    const restoring = service.operations.run(async (signal) => {
      await salvaged;
      await reconcile(kernel, service, signal);
    });
    restoring.catch((error: unknown) => kernel.noteFailure(service.ref, error));
  }
}

/** Adopts one instance. The promise, if any, is of the end of one whose process is gone. */
function takeOver(kernel: Kernel, record: InstanceRecord): Promise<void> | undefined {
  const service = kernel.find(record.ref);
  const revision = kernel.parts.database.revisions.get(record.ref, record.revision);
  if (service === undefined || revision === undefined) {
    kernel.parts.database.instances.remove(record.id);
    return undefined;
  }
  const { instance, alive } = kernel.supervisor.adopt(record, service.plan(toRevision(revision)));
  return alive ? undefined : concludeLost(kernel, service, instance, record);
}

async function concludeLost(
  kernel: Kernel,
  service: Service,
  instance: Instance,
  record: InstanceRecord,
): Promise<void> {
  const exit = await instance.salvage(record);
  const sameBoot = record.bootId === bootId();
  const wanted = service.desired === "running" && record.revision === service.revision.id;
  // An end that was seen, or must count as one, is the restart policy's; after a reboot the service simply starts anew.
  if (
    wanted &&
    record.pid !== null &&
    (exit.known || (sameBoot && instance.plan.spec.restart.policy === "temporary"))
  ) {
    instance.conclude(exit);
    return;
  }
  const data = { pid: record.pid, exit_code: exit.code, signal: exit.signal, known: exit.known };
  const subject = `${service.key}/${record.id}`;
  kernel.emit({ tenant: service.ref.tenant, event: "instance_exited", subject, data });
  kernel.supervisor.forget(instance);
}

/** Starts what is missing of a service and retires what is too much or of another revision. */
async function reconcile(kernel: Kernel, service: Service, signal: AbortSignal): Promise<void> {
  const { supervisor } = kernel;
  const instances = supervisor.instancesOf(service.ref);
  if (service.desired !== "running") {
    await Promise.all(instances.map((instance) => supervisor.retire(instance)));
    return;
  }
  const current = instances.filter(({ plan }) => plan.revision === service.revision.id);
  const missing = service.replicas - current.length;
  if (missing > 0) {
    const dependencies = service.revision.spec.depends_on;
    const siblings = new Set(Object.keys(dependencies));
    await awaitDependencies(kernel, service.ref.tenant, dependencies, siblings, signal);
    for (let started = 0; started < missing; started++) supervisor.launch(service.plan());
  }
  const surplus = [...instances.filter((instance) => !current.includes(instance)), ...current.slice(service.replicas)];
  if (surplus.length === 0) return;
  // What a broken-off rollout left behind goes on serving until its successors can.
  const grace = AbortSignal.any([signal, AbortSignal.timeout(service.revision.spec.health.grace_ms)]);
  await kernel
    .until(service.ref, () => kernel.readyCount(service) - surplus.length >= service.replicas, grace)
    .catch(() => undefined);
  await Promise.all(surplus.map((instance) => supervisor.retire(instance)));
}

function toRevision({ id, spec, digest, entry, command, mentionsPort }: RevisionRecord): Revision {
  return { id, spec, artifact: { digest, entry, command, mentionsPort } };
}

function missingRevision(ref: ServiceRef, id: string): SoloError {
  return new SoloError("storage_corrupt", `kernel.db: revision ${id} of ${serviceKey(ref)} is missing`, {
    hint: "restore a backup of the data folder, or choose another one with --data-dir",
  });
}
