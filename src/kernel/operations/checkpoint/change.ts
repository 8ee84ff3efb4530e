import { join, resolve } from "node:path";
import {
  type Caller,
  type CheckpointDeletion,
  type CheckpointDocument,
  type CheckpointExport,
  type OperationRequest,
  type ServiceRef,
  SoloError,
} from "../../../api/index.ts";
import type { StoredInfo } from "../../../state/index.ts";
import { coversTenant, hasPermission } from "../../access/index.ts";
import type { Kernel } from "../../kernel.ts";
import { checkpointDocument } from "./documents.ts";

export async function createCheckpoint(
  kernel: Kernel,
  request: OperationRequest<"checkpointCreate">,
): Promise<CheckpointDocument> {
  const { ref } = kernel.get(request);
  const state = await kernel.parts.states.open(ref);
  return checkpointDocument(await kernel.parts.checkpoints.make(ref, state, "manual"));
}

export async function deleteCheckpoint(
  kernel: Kernel,
  request: OperationRequest<"checkpointDelete">,
): Promise<CheckpointDeletion> {
  const { ref, key } = kernel.get(request);
  const checkpoints = kernel.parts.checkpoints.of(ref);
  const { catalog } = checkpoints;
  const isDamaged = catalog.damaged().some(({ id }) => id === request.id);
  const known = isDamaged ? undefined : catalog.get(request.id);
  const id = known?.id ?? request.id;
  if (!request.dry_run) {
    await checkpoints.delete(id);
    kernel.emit({ tenant: ref.tenant, event: "checkpoint_deleted", subject: key, data: { ids: [id] } });
  }
  const kept = catalog.list().length - (request.dry_run ? 1 : 0);
  return { ...nameOf(ref), deleted: [id], kept, freed_bytes: known?.stored_bytes ?? 0 };
}

export async function pruneCheckpoints(
  kernel: Kernel,
  request: OperationRequest<"checkpointPrune">,
): Promise<CheckpointDeletion> {
  const { ref } = kernel.get(request);
  const { checkpoints, states } = kernel.parts;
  const retention = checkpoints.retentionOf(ref, request);
  const own = checkpoints.of(ref);
  const count = own.catalog.list().length;
  const gone: readonly StoredInfo[] = request.dry_run
    ? own.expired(retention)
    : await checkpoints.prune(ref, await states.open(ref), retention);
  const freed_bytes = gone.reduce((sum, { stored_bytes }) => sum + stored_bytes, 0);
  return { ...nameOf(ref), deleted: gone.map(({ id }) => id), kept: count - gone.length, freed_bytes };
}

export async function exportCheckpoint(
  kernel: Kernel,
  request: OperationRequest<"checkpointExport">,
): Promise<CheckpointExport> {
  const { ref } = kernel.get(request);
  const info = await kernel.parts.checkpoints.of(ref).export(request.id, request.file);
  return { ...checkpointDocument(info), file: request.file };
}

/** @throws SoloError `forbidden` for a file that the caller has not brought */
export async function importCheckpoint(
  kernel: Kernel,
  caller: Caller,
  request: OperationRequest<"checkpointImport">,
): Promise<CheckpointDocument> {
  if (!mayReadAnything(caller)) checkBrought(kernel, request);
  const { ref, key } = kernel.get(request);
  const checkpoints = kernel.parts.checkpoints.of(ref);
  if (request.dry_run) {
    const info = await checkpoints.examine(request.file);
    return checkpointDocument({ ...info, stored_bytes: info.body_bytes });
  }
  const info = await checkpoints.import(request.file);
  const { id, parent, foreign } = info;
  const data = { id, from: parent, origin: foreign };
  kernel.emit({ tenant: ref.tenant, event: "checkpoint_imported", subject: key, data });
  return checkpointDocument(info);
}

function mayReadAnything(caller: Caller): boolean {
  if (caller.kind === "owner") return true;
  if (caller.kind === "anonymous") return false;
  return hasPermission(caller.capability, "admin") && coversTenant(caller.capability, null);
}

/** The same whether something is there or not. */
function checkBrought({ paths }: Kernel, { tenant, file }: OperationRequest<"checkpointImport">): void {
  if (resolve(file).startsWith(`${join(paths.uploads, tenant)}/`)) return;
  throw new SoloError(
    "forbidden",
    `checkpointImport of ${file}, which was not brought, needs the permission admin on *`,
    {
      hint: "bring the file by `upload`, as `solo checkpoint import` does with --context",
      details: { permission: "admin", resource: "*" },
    },
  );
}

function nameOf({ tenant, name }: ServiceRef): Pick<CheckpointDeletion, "service" | "tenant"> {
  return { service: name, tenant };
}
