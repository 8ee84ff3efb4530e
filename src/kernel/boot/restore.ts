import { hostVariables, type ServiceRef, SoloError, serviceKey } from "../../api/index.ts";
import type { Instance, InstanceRecord } from "../../supervise/index.ts";
import {
  bootId,
  isRunning,
  killTree,
  type ProcessIdentity,
  processesByMarker,
  readEnvironment,
  readStat,
} from "../../system/index.ts";
import type { RolloutRecord } from "../database/index.ts";
import type { Kernel } from "../kernel.ts";
import { awaitDependencies } from "../rollout/dependencies.ts";
import { resumeRollout } from "../rollout/resume-rollout.ts";
import { Service, toRevision } from "../service.ts";
import { sweep } from "../sweep/sweep.ts";

export interface RestoreOptions {
  /** False to take over what runs and leave it at that. */
  readonly start: boolean;
}

/** Until SIGKILL must have ended a process. */
const unknownEndMs = 5_000;

/**
 * Brings the desired state back: takes over the processes that outlived a former kernel, concludes those that did not, and
 * starts what is missing, dependencies first. Returns once everything that lives is adopted; the rest goes on behind it.
 */
export function restore(kernel: Kernel, options: RestoreOptions): void {
  const { database } = kernel.parts;
  for (const { ref, revision: id, desired, replicas, serves, created, updated } of database.services.list()) {
    const revision = database.revisions.get(ref, id);
    if (revision === undefined) throw missingRevision(ref, id);
    const service = new Service(ref, toRevision(revision), desired, replicas, kernel.operationsOf(ref));
    Object.assign(service, { serves, created, updated });
    kernel.add(service);
    if (desired === "running") kernel.routes.open(ref, service.revision.spec);
  }
  for (const { tenant, ...group } of database.groups.list()) kernel.supervisor.setGroup(tenant, group);
  const census = new Census();
  const aftermaths = new Map<string, Promise<void>[]>();
  for (const record of database.instances.list()) {
    const key = serviceKey(record.ref);
    const aftermath = takeOver(kernel, record, census, options);
    if (aftermath !== undefined) aftermaths.set(key, [...(aftermaths.get(key) ?? []), aftermath]);
  }
  const rollouts = new Map(kernel.rollouts.former().map((rollout) => [serviceKey(rollout.ref), rollout]));
  for (const { ref, revision } of rollouts.values()) addAccepted(kernel, ref, revision);
  sweep(kernel);
  for (const service of kernel.services()) {
    const salvaged = Promise.all(aftermaths.get(service.key) ?? []);
    const restoring = service.operations.run(async (signal) => {
      await salvaged;
      if (!options.start) return;
      const rollout = rollouts.get(service.key);
      if (rollout === undefined) await reconcile(kernel, service, signal);
      else await resume(kernel, service, rollout, signal);
    });
    restoring.catch((error: unknown) => kernel.noteFailure(service.ref, error));
  }
}

/** A first deploy that was accepted while another operation on its service had not come to its end. */
function addAccepted(kernel: Kernel, ref: ServiceRef, id: string): void {
  const revision = kernel.parts.database.revisions.get(ref, id);
  if (revision === undefined) throw missingRevision(ref, id);
  if (kernel.find(ref) !== undefined) return;
  kernel.add(new Service(ref, toRevision(revision), "stopped", 0, kernel.operationsOf(ref)));
}

async function resume(kernel: Kernel, service: Service, rollout: RolloutRecord, signal: AbortSignal): Promise<void> {
  try {
    await resumeRollout(kernel, service, rollout, signal);
  } finally {
    if (!signal.aborted) await reconcile(kernel, service, signal);
  }
}

/** Whose the machine's processes are, counted at most once: only for instances whose process is not where it was kept. */
class Census {
  #found: ReadonlyMap<string, readonly ProcessIdentity[]> | undefined;

  of(instance: string): readonly ProcessIdentity[] {
    this.#found ??= processesByMarker(hostVariables.instance);
    return this.#found.get(instance) ?? [];
  }
}

/** Adopts one instance. The promise, if any, is of the end of one whose process is gone. */
function takeOver(
  kernel: Kernel,
  record: InstanceRecord,
  census: Census,
  options: RestoreOptions,
): Promise<void> | undefined {
  const { database } = kernel.parts;
  const service = kernel.find(record.ref);
  if (service === undefined) {
    database.instances.remove(record.id);
    return endUnknown(record);
  }
  const known = database.revisions.get(record.ref, record.revision);
  // What nobody can describe any more is no revision that is wanted: it is adopted only to be stopped in order.
  const plan = known === undefined ? { ...service.plan(), revision: record.revision } : service.plan(toRevision(known));
  const kept = isRunningStill(record) ? record : withProcess(record, census);
  const { instance, alive } = kernel.supervisor.adopt(kept, plan);
  return alive ? undefined : concludeLost(kernel, service, instance, kept, census.of(record.id), options);
}

/** Ends the process of a service that nobody knows. */
async function endUnknown({ id, pid, startTime, bootId: boot }: InstanceRecord): Promise<void> {
  if (pid === null || startTime === null || boot !== bootId()) return;
  const marker = { name: hostVariables.instance, value: id };
  await killTree({ root: { pid, startTime }, marker, orphanParents: [] }, { deadlineMs: unknownEndMs });
}

function isRunningStill({ pid, startTime, bootId: boot }: InstanceRecord): boolean {
  const stat = pid === null || boot !== bootId() ? undefined : readStat(pid);
  return isRunning(stat) && stat.startTime === startTime;
}

/**
 * A kernel that was killed between starting a process and writing down its pid, or that could not write, left one that only
 * its environment names: the leader of a session of its own. Beside a pid that was written down it is the later process,
 * with another port, and not a child that the earlier one left behind.
 */
function withProcess(record: InstanceRecord, census: Census): InstanceRecord {
  const isOurs = ({ pid }: ProcessIdentity) =>
    readStat(pid)?.sid === pid &&
    (record.pid === null || readEnvironment(pid)?.get(hostVariables.port) !== String(record.port));
  const root = census.of(record.id).find(isOurs);
  if (root === undefined) return record;
  return { ...record, pid: root.pid, startTime: root.startTime, bootId: bootId() };
}

async function concludeLost(
  kernel: Kernel,
  service: Service,
  instance: Instance,
  record: InstanceRecord,
  strays: readonly ProcessIdentity[],
  { start }: RestoreOptions,
): Promise<void> {
  const { supervisor } = kernel;
  const exit = await supervisor.salvage(instance, record, strays);
  const isSameBoot = record.bootId === bootId();
  const isWanted =
    start &&
    service.desired === "running" &&
    record.revision === service.revision.id &&
    kernel.ending.aborted === false;
  if (isWanted && isSameBoot && record.pid === null && (record.state === "backoff" || record.state === "crash_loop")) {
    instance.resume(record);
    return;
  }
  // An end that was seen, or must count as one, is the restart policy's; after a reboot the service simply starts anew.
  const isTemporary = instance.plan.spec.restart.policy === "temporary";
  if (isWanted && record.pid !== null && (exit.known || (isSameBoot && isTemporary))) {
    instance.conclude(exit);
    return;
  }
  if (record.pid !== null) instance.noteExit(exit);
  supervisor.forget(instance);
}

/** Starts what is missing of a service and retires what is too much or of another revision. */
async function reconcile(kernel: Kernel, service: Service, signal: AbortSignal): Promise<void> {
  const { supervisor } = kernel;
  if (service.desired !== "running") {
    await Promise.all(supervisor.instancesOf(service.ref).map((instance) => supervisor.retire(instance)));
    return;
  }
  if (missingOf(kernel, service) > 0) {
    if (Object.keys(service.revision.spec.depends_on).length === 0) launchMissing(kernel, service);
    else void launchWhenMet(kernel, service).catch((error: unknown) => kernel.noteFailure(service.ref, error));
  }
  const current = currentOf(kernel, service);
  const others = supervisor.instancesOf(service.ref).filter((instance) => !current.includes(instance));
  const surplus = [...others, ...current.slice(service.replicas)];
  if (surplus.length === 0) return;
  // What a broken-off rollout left behind goes on serving until its successors can.
  const kept = current.slice(0, service.replicas);
  const isServed = () => kept.length >= service.replicas && kept.every(({ isReady }) => isReady);
  const grace = AbortSignal.any([signal, AbortSignal.timeout(service.revision.spec.health.grace_ms)]);
  await kernel.until(service.ref, isServed, grace).catch(() => undefined);
  await Promise.all(surplus.map((instance) => supervisor.retire(instance)));
}

/** Waits without holding up other operations on the service, however long its dependencies take. */
async function launchWhenMet(kernel: Kernel, service: Service): Promise<void> {
  const { ref, revision } = service;
  const wait = { together: new Set<string>(), patient: true };
  await awaitDependencies(kernel, ref.tenant, revision.spec.depends_on, wait, kernel.ending).catch(() => undefined);
  if (kernel.ending.aborted) return;
  await service.operations.run(async () => launchMissing(kernel, service));
}

function launchMissing(kernel: Kernel, service: Service): void {
  if (service.desired !== "running") return;
  for (let missing = missingOf(kernel, service); missing > 0; missing--) kernel.supervisor.launch(service.plan());
}

function missingOf(kernel: Kernel, service: Service): number {
  return service.replicas - currentOf(kernel, service).length;
}

function currentOf(kernel: Kernel, { ref, revision }: Service): Instance[] {
  return kernel.supervisor.instancesOf(ref).filter(({ plan }) => plan.revision === revision.id);
}

function missingRevision(ref: ServiceRef, id: string): SoloError {
  return new SoloError("storage_corrupt", `kernel.db: revision ${id} of ${serviceKey(ref)} is missing`, {
    hint: "restore a backup of the data folder, or choose another one with --data-dir",
  });
}
