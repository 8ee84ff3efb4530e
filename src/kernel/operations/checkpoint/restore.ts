import { type CheckpointRestore, type OperationRequest, SoloError } from "../../../api/index.ts";
import type { SoundPast, StoredInfo } from "../../../state/index.ts";
import { freeDiskBytes } from "../../../system/index.ts";
import { describe, externalOf, subjectOf } from "../../checkpoints.ts";
import type { Kernel } from "../../kernel.ts";
import { startFirst } from "../../rollout/rollout.ts";
import { type Service, serviceState } from "../../service.ts";
import { withTimeout } from "../with-timeout.ts";
import { openOrDamage } from "./damage.ts";
import { pointOf } from "./documents.ts";

type Request = OperationRequest<"checkpointRestore">;

/**
 * Sets a service's state to a point of its past. Its instances are stopped meanwhile and started again, so that none of them
 * sees half of it or goes on with what it remembers. Files of the state that can't be read are set aside.
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
    service.operations.run((signal) => restoreNow(kernel, service, request, signal)),
    limit,
  );
}

/** The same within an operation on the service that runs already. */
export async function restoreNow(
  kernel: Kernel,
  service: Service,
  request: Omit<Request, "tenant" | "name" | "timeout_ms">,
  signal: AbortSignal,
): Promise<CheckpointRestore> {
  const begin = kernel.clock.monotonic();
  const { ref, revision } = service;
  const { states, checkpoints, supervisor, steps } = kernel.parts;
  const own = checkpoints.of(ref);
  const { state, damage } = await openOrDamage(kernel, ref);
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
  if (!request.dry_run) refuseFullDisk(kernel.paths.dataDir);
  let isStopped = false;
  const still = async () => {
    signal.throwIfAborted();
    isStopped = true;
    await Promise.all(supervisor.instancesOf(ref).map((instance) => supervisor.retire(instance)));
  };
  const restoring = checkpoints.hearing(ref, async (): Promise<Outcome> => {
    if (request.dry_run) return { past: await own.past(point, state), ...nothingDone };
    const doing =
      state === undefined
        ? own.renew(point, { still, alone: (work) => states.alone(ref, work) })
        : own.restore(point, state, subjectOf(revision), still);
    return { ...nothingDone, ...(await doing.finally(() => steps.replaced(ref))) };
  });
  const { result, troubles } = await restoring.catch(async (error: unknown) => {
    // Nothing was set back: the service runs on with what it had.
    if (isStopped) {
      await startAgain().catch((failure: unknown) => {
        throw leftStopped(SoloError.from(error), SoloError.from(failure), ref.name);
      });
    }
    throw error;
  });
  const { past, before, position, setAside } = result;
  if (position !== null) {
    if (before !== null) checkpoints.noteMade(ref, before);
    if (before === null && past.base !== undefined) {
      // The new log leads on from it.
      const about = { ...subjectOf(revision), position, time: kernel.clock.now(), reason: "renewal" } as const;
      await own.adopt(own, past.base, about).then(
        (info) => checkpoints.noteMade(ref, info),
        (error: unknown) => kernel.noteFailure(ref, error),
      );
    }
    const data = { position, before: before?.id ?? null, set_aside: setAside, ...toldOf(past) };
    kernel.emit({ tenant: ref.tenant, event: "checkpoint_restored", subject: service.key, data });
    await startAgain().catch((error: unknown) => {
      throw afterwards(SoloError.from(error));
    });
    const present = await states.open(ref);
    await checkpoints.prune(ref, present).catch((error: unknown) => kernel.noteFailure(ref, error));
  }
  const instances = supervisor.instancesOf(ref);
  return {
    service: ref.name,
    tenant: ref.tenant,
    ...toldOf(past),
    position,
    before: before?.id ?? null,
    set_aside: setAside,
    state: serviceState(service, instances),
    instances: instances.map(({ id, pid, state: now, port, serves }) => ({
      id,
      pid,
      state: now,
      port: serves ? port : null,
    })),
    warnings: [
      ...troubles.map((trouble) => describe(trouble).message),
      ...(damage === undefined ? [] : [toldOfDamage(damage, setAside)]),
    ],
    took_ms: Math.round(kernel.clock.monotonic() - begin),
  };
}

/** What a restore has done. */
interface Outcome {
  readonly past: SoundPast;
  readonly before: StoredInfo | null;
  readonly position: number | null;
  readonly setAside: string | null;
}

const nothingDone = { before: null, position: null, setAside: null };

function toldOfDamage({ message }: SoloError, setAside: string | null): string {
  const kept = setAside === null ? "they would be set aside" : `they were set aside in ${setAside}`;
  return `the state's own files could not be read, and ${kept}: ${message}`;
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
    // A service that keeps its own files need not have an entry: they are as they were captured.
    restored_time: new Date(position === 0 && base !== undefined ? base.created : time).toISOString(),
    replayed,
  };
}

/** A service is not stopped for what can't be written afterwards. */
function refuseFullDisk(dataDir: string): void {
  const free = freeDiskBytes(dataDir);
  if (free >= leastDiskBytes) return;
  throw new SoloError("storage_full", `${dataDir}: no space left to set a state back in (${free} bytes)`, {
    hint: "free some space on this file system, then repeat the command; `solo paths` shows what Solo keeps where",
  });
}

/** With less, not even what has happened can be written down. */
const leastDiskBytes = 1_048_576;

function leftStopped(error: SoloError, failure: SoloError, name: string): SoloError {
  const message = `${error.message}. The state is as it was, but the service did not start again: ${failure.message}`;
  return new SoloError(error.code, message, {
    hint: `mend that, then \`solo restart ${name}\``,
    applied: "yes",
    cause: error,
  });
}

function afterwards({ code, message, hint, details }: SoloError): SoloError {
  return new SoloError(code, `the state was restored, but the service did not start: ${message}`, {
    applied: "yes",
    ...(hint !== null && { hint }),
    ...(details && { details }),
  });
}
