import { type CheckpointFork, type OperationRequest, type ServiceRef, SoloError } from "../../../api/index.ts";
import { revisionId } from "../../../deploy/index.ts";
import type { SoundPast } from "../../../state/index.ts";
import { describe, externalOf, subjectOf } from "../../checkpoints.ts";
import type { Kernel } from "../../kernel.ts";
import { startFirst } from "../../rollout/rollout.ts";
import { type Revision, Service } from "../../service.ts";
import { deployResult } from "../../views.ts";
import { withTimeout } from "../with-timeout.ts";
import { openOrDamage } from "./damage.ts";
import { pointOf } from "./documents.ts";
import { toldOf } from "./restore.ts";

type Request = OperationRequest<"checkpointFork">;

/**
 * Starts a second service of the same program from a point of the first one's past. From then on they have nothing in
 * common: the body of the checkpoint that it begins with is shared on disk where the file system can, and never written to.
 * @throws SoloError `conflict` when there is a service of that name, or the program listens on a fixed port
 */
export async function forkCheckpoint(kernel: Kernel, request: Request): Promise<CheckpointFork> {
  const origin = kernel.get(request);
  const ref: ServiceRef = { tenant: request.tenant, name: request.as };
  refuse(kernel, ref, origin);
  const limit = {
    timeoutMs: request.timeout_ms,
    name: request.as,
    noteLate: (error: unknown) => kernel.noteFailure(ref, error),
  };
  const { spec } = origin.revision;
  const release = kernel.parts.quotas.enter(ref.tenant, [
    { name: ref.name, spec, replicas: Math.max(1, origin.replicas) },
  ]);
  const operations = kernel.operationsOf(ref);
  return withTimeout(
    operations.run((signal) => {
      refuse(kernel, ref, origin);
      return fork(kernel, origin, ref, request, signal);
    }),
    limit,
  ).finally(release);
}

async function fork(
  kernel: Kernel,
  origin: Service,
  ref: ServiceRef,
  request: Request,
  signal: AbortSignal,
): Promise<CheckpointFork> {
  const begin = kernel.clock.monotonic();
  const { states, checkpoints } = kernel.parts;
  const from = checkpoints.of(origin.ref);
  const { state } = await openOrDamage(kernel, origin.ref);
  const point = pointOf(request, from.catalog);
  const revision = withoutHosts(origin.revision);
  const service = new Service(ref, revision, "stopped", 0, kernel.operationsOf(ref));
  const { result: past, troubles } = await checkpoints.hearing(origin.ref, () =>
    request.dry_run
      ? from.past(point, state)
      : from.withPast(point, state, async (found) => {
          signal.throwIfAborted();
          await fill(kernel, origin, service, found).catch((error: unknown) => {
            // There is no service yet. What was written of its state is written over by the next attempt.
            throw SoloError.from(error).withApplied("no");
          });
          return found;
        }),
  );
  if (!request.dry_run) {
    const data = { origin: origin.key, ...toldOf(past) };
    kernel.emit({ tenant: ref.tenant, event: "checkpoint_forked", subject: service.key, data });
    const replicas = Math.max(1, origin.replicas);
    await startFirst({ kernel, service, signal, report: () => undefined }, { revision, replicas, wait: request.wait });
  }
  const { state: now, instances, url } = deployResult(kernel, service, revision, true, 0);
  return {
    service: ref.name,
    tenant: ref.tenant,
    origin: origin.ref.name,
    revision: revision.id,
    ...toldOf(past),
    position: request.dry_run ? null : (await states.open(ref)).position,
    url,
    state: now,
    instances,
    warnings: troubles.map((trouble) => describe(trouble).message),
    took_ms: Math.round(kernel.clock.monotonic() - begin),
  };
}

/** Fills the new service's state, and gives it a checkpoint of that to begin with. */
async function fill(kernel: Kernel, origin: Service, { ref, revision }: Service, past: SoundPast): Promise<void> {
  const { states, checkpoints, clock } = kernel.parts;
  const state = await states.open(ref);
  const { position } = await state.reset(past, `fork:${origin.key}`);
  const own = checkpoints.of(ref);
  const subject = subjectOf(revision);
  const { base } = past;
  const info =
    base !== undefined && past.replayed === 0
      ? await own.adopt(checkpoints.of(origin.ref), base, { ...subject, position, time: clock.now(), reason: "fork" })
      : await own.create(state, "fork", subject, base?.id);
  checkpoints.noteMade(ref, info);
}

function refuse(kernel: Kernel, ref: ServiceRef, { ref: origin, revision }: Service): void {
  if (externalOf(kernel, origin) !== undefined) {
    throw new SoloError(
      "conflict",
      "a service that keeps its own files can't be forked: both would write to the same folders",
      {
        hint: "deploy it under another name with other folders, then export the checkpoint and import it there",
      },
    );
  }
  if (kernel.find(ref) !== undefined) {
    throw new SoloError("conflict", `there is a service ${ref.name} already`, { hint: "choose another name for --as" });
  }
  const port = revision.spec.fixed_port;
  if (port !== undefined) {
    throw new SoloError("conflict", `the program listens on port ${port} whatever it is told, so two can't run`, {
      hint: "let it listen on $PORT and deploy it without fixed_port first",
    });
  }
}

/** A host leads to one service only: the fork has just those of its own name. */
function withoutHosts({ id, spec, artifact }: Revision): Revision {
  if (spec.hosts.length === 0) return { id, spec, artifact };
  const own = { ...spec, hosts: [] };
  return { id: revisionId(own, artifact.digest), spec: own, artifact };
}
