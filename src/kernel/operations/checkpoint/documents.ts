import { type CheckpointDocument, type CheckpointList, SoloError, serviceKey } from "../../../api/index.ts";
import type { CheckpointCatalog, DamagedCopy, Point, StoredInfo } from "../../../state/index.ts";

export function checkpointDocument(info: StoredInfo): CheckpointDocument {
  const { id, service, tenant, created, position, time, bytes, stored_bytes, entries, files, sha256, reason } = info;
  const { parent, revision, foreign } = info;
  return {
    id,
    service,
    tenant,
    created: new Date(created).toISOString(),
    position,
    time: new Date(time).toISOString(),
    bytes,
    stored_bytes,
    entries,
    files,
    sha256,
    reason,
    parent,
    revision,
    origin: foreign && serviceKey({ tenant: foreign.tenant, name: foreign.service }),
  };
}

export function checkpointList(catalog: CheckpointCatalog): CheckpointList {
  return {
    checkpoints: catalog.list().map(checkpointDocument),
    damaged: catalog.damaged().map(damagedCopy),
  };
}

function damagedCopy({ id, kind, path, problem }: DamagedCopy): CheckpointList["damaged"][number] {
  return { id, kind, path, problem: problem.message };
}

/** @throws SoloError `invalid_request` unless exactly one of them is given */
export function pointOf(
  { id, position, time }: { id?: string | undefined; position?: number | undefined; time?: string | undefined },
  catalog: CheckpointCatalog,
): Point {
  const given = [id, position, time].filter((value) => value !== undefined);
  if (given.length !== 1) {
    throw new SoloError("invalid_request", "expects exactly one of a checkpoint's id, a position and a time", {
      hint: "`solo checkpoint list NAME` shows ids, positions and times",
    });
  }
  if (position !== undefined) return { position };
  if (time !== undefined) return { time: Date.parse(time) };
  return { id: catalog.get(id ?? "latest").id };
}
