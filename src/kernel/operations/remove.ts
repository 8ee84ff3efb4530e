import { type OperationRequest, type RemoveResult, type ServiceRef, SoloError } from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";
import { finish, foldersOf, mark, measure, setAside } from "../removal/index.ts";
import type { Service } from "../service.ts";
import { checkUnchanged } from "./check-unchanged.ts";
import { kill } from "./kill.ts";

/**
 * Removes a service with everything that is kept of it, for good. That it is no more is durable first: a kernel that dies
 * then has its successor remove what is left.
 * @throws SoloError `conflict` for one that runs, unless it may be stopped
 */
export async function removeService(kernel: Kernel, request: OperationRequest<"remove">): Promise<RemoveResult> {
  const begin = kernel.clock.monotonic();
  const service = kernel.get(request);
  const { ref } = service;
  checkUnchanged(kernel, ref, request.if_updated);
  if (!request.force) refuseRunning(kernel, service);
  const result = (
    removed: RemoveResult["removed"],
    { revisions, instances }: Pick<RemoveResult, "revisions" | "instances">,
  ): RemoveResult => ({
    service: ref.name,
    tenant: ref.tenant,
    instances,
    removed,
    bytes: Object.values(removed).reduce((sum, bytes) => sum + bytes, 0),
    revisions,
    took_ms: Math.round(kernel.clock.monotonic() - begin),
  });
  if (request.dry_run) {
    const revisions = kernel.parts.database.revisions.list(ref).length;
    return result(await measure(foldersOf(kernel, ref)), { revisions, instances: [] });
  }
  const { instances } = request.force ? await kill(kernel, { ...ref, force: false }) : { instances: [] };
  return service.operations.run(async () => {
    if (kernel.get(ref) !== service) throw changedMeanwhile(ref);
    refuseRunning(kernel, service);
    for (const instance of kernel.supervisor.instancesOf(ref)) await kernel.supervisor.retire(instance);
    const folders = foldersOf(kernel, ref);
    const removed = await measure(folders);
    const revisions = forget(kernel, service);
    await closeParts(kernel, ref);
    const told = result(removed, { revisions, instances });
    const { bytes } = told;
    kernel.emit({ tenant: ref.tenant, event: "service_removed", subject: service.key, data: { bytes, revisions } });
    const aside = await setAside(folders);
    kernel.parts.logs.removeService(ref);
    await finish(kernel, ref, aside);
    return { ...told, took_ms: Math.round(kernel.clock.monotonic() - begin) };
  });
}

/** From now on nobody finds it, in this kernel or the next one. Answers how many revisions it had. */
function forget(kernel: Kernel, service: Service): number {
  const { database } = kernel.parts;
  const { ref } = service;
  const revisions = database.revisions.list(ref);
  database.transaction(() => {
    mark(kernel, ref);
    for (const { id } of revisions) database.revisions.remove(ref, id);
    database.rollouts.remove(ref);
    database.services.remove(ref);
  });
  kernel.drop(service);
  return revisions.length;
}

/** Whoever holds something of it open lets it go. */
async function closeParts(kernel: Kernel, ref: ServiceRef): Promise<void> {
  const { traffic, steps, checkpoints, states } = kernel.parts;
  traffic.mailboxes.stopped(ref);
  steps.forget(ref);
  await checkpoints.forget(ref);
  await states.close(ref);
}

function refuseRunning(kernel: Kernel, { ref, desired }: Service): void {
  const runs = kernel.supervisor.instancesOf(ref).some(({ pid }) => pid !== null);
  if (desired !== "running" && !runs) return;
  throw new SoloError("conflict", `${ref.name} runs, and only what is stopped is removed`, {
    hint: `\`solo kill ${ref.name}\` stops it; \`solo remove ${ref.name} --force\` does both`,
  });
}

function changedMeanwhile({ name }: ServiceRef): SoloError {
  return new SoloError("conflict", `${name} was removed and deployed again meanwhile`);
}
