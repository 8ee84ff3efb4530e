import { type CheckpointRestore, type OperationRequest, SoloError } from "../../../api/index.ts";
import type { SoundPast } from "../../../state/index.ts";
import { describe, externalOf, subjectOf } from "../../checkpoints.ts";
import type { Kernel } from "../../kernel.ts";
import { startFirst } from "../../rollout.ts";
import { type Service, serviceState } from "../../service.ts";
import { withTimeout } from "../with-timeout.ts";
import { pointOf } from "./documents.ts";

type Request = OperationRequest<"checkpointRestore">;

/**
 * Sets a service's state to a point of its past. Its instances are stopped meanwhile and started again, so that none of them
 * sees half of it or goes on with what it remembers.
 * @throws SoloError `conflict` when the point isn't covered, before anything was changed
 */
export async function restoreCheckpoint(kernel: Kernel, request: Request): Promise<CheckpointRestore> {
  const service = kernel.get(request);
  const limit = {
    timeoutMs: request.timeout_ms,
    name: request.name,
    noteLate: (error: unknown) => kernel.noteFailure(service.ref, error),
  };
  return withTimeout(
    service.operations.run((signal) => restore(kernel, service, request, signal)),
    limit,
  );
}

async function restore(
  kernel: Kernel,
  service: Service,
  request: Request,
  signal: AbortSignal,
): Promise<CheckpointRestore> {
  const begin = kernel.clock.monotonic();
  const { ref, revision } = service;
  const { states, checkpoints, supervisor, steps } = kernel.parts;
  const own = checkpoints.of(ref);
  const state = await states.open(ref);
  const point = pointOf(request, own.catalog);
  if (!("id" in point) && externalOf(kernel, ref) !== undefined) {
    throw new SoloError(
      "invalid_request",
      "files of a service's own go back to checkpoints only: no log tells of them",
      {
        hint: "name a checkpoint; `solo checkpoint list NAME` shows them",
      },
    );
  }
  const startAgain = async () => {
    if (service.desired !== "running" || service.replicas === 0) return;
    const start = { revision, replicas: service.replicas, wait: request.wait };
    await startFirst({ kernel, service, signal, report: () => undefined }, start);
  };
  let isStopped = false;
  const restoring = checkpoints.hearing(ref, async () => {
    if (request.dry_run) return { past: await own.past(point, state), before: null, position: null };
    return own
      .restore(point, state, subjectOf(revision), async () => {
        signal.throwIfAborted();
        isStopped = true;
        await Promise.all(supervisor.instancesOf(ref).map((instance) => supervisor.retire(instance)));
      })
      .finally(() => steps.replaced(ref));
  });
  const { result, troubles } = await restoring.catch(async (error: unknown) => {
    // Nothing was set back: the service runs on with what it had.
    if (isStopped) await startAgain();
    throw error;
  });
  const { past, before, position } = result;
  if (position !== null && before !== null) {
    checkpoints.noteMade(ref, before);
    const data = { position, before: before.id, ...toldOf(past) };
    kernel.emit({ tenant: ref.tenant, event: "checkpoint_restored", subject: service.key, data });
    await startAgain().catch((error: unknown) => {
      throw afterwards(SoloError.from(error));
    });
    await checkpoints.prune(ref, state).catch((error: unknown) => kernel.noteFailure(ref, error));
  }
  const instances = supervisor.instancesOf(ref);
  return {
    service: ref.name,
    tenant: ref.tenant,
    ...toldOf(past),
    position,
    before: before?.id ?? null,
    state: serviceState(service, instances),
    instances: instances.map(({ id, pid, state: now, port, serves }) => ({
      id,
      pid,
      state: now,
      port: serves ? port : null,
    })),
    warnings: troubles.map((trouble) => describe(trouble).message),
    took_ms: Math.round(kernel.clock.monotonic() - begin),
  };
}

/** What a document says of the past that is there again. */
export function toldOf({
  base,
  position,
  time,
  replayed,
}: SoundPast): Pick<CheckpointRestore, "checkpoint" | "restored_position" | "restored_time" | "replayed"> {
  return {
    checkpoint: base?.id ?? null,
    restored_position: position,
    restored_time: new Date(time).toISOString(),
    replayed,
  };
}

function afterwards({ code, message, hint, details }: SoloError): SoloError {
  return new SoloError(code, `the state was restored, but the service did not start: ${message}`, {
    applied: "yes",
    ...(hint !== null && { hint }),
    ...(details && { details }),
  });
}
