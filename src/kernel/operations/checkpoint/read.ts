import type { CheckpointDetail, CheckpointVerification, OperationRequest, ServiceRef } from "../../../api/index.ts";
import type { ServiceCheckpoints } from "../../../state/index.ts";
import { checkpointDocument } from "./documents.ts";

/** What can be said of checkpoints from their files alone, with a kernel and without. */

export function showCheckpoint(
  { catalog }: ServiceCheckpoints,
  { id }: OperationRequest<"checkpointShow">,
): CheckpointDetail {
  const info = catalog.get(id);
  const damaged = catalog.damaged();
  const copies = catalog.copies(info.id).map(({ kind, path }) => ({
    kind,
    path,
    problem: damaged.find((copy) => copy.path === path)?.problem.message ?? null,
  }));
  return { ...checkpointDocument(info), copies };
}

export async function verifyCheckpoint(
  checkpoints: ServiceCheckpoints,
  { tenant, name }: ServiceRef,
  id: string,
): Promise<CheckpointVerification> {
  const known = id === "latest" ? checkpoints.catalog.get(id).id : id;
  const { copies } = await checkpoints.verify(known);
  const sound = copies.filter(({ problem }) => problem === null).length;
  return {
    id: known,
    service: name,
    tenant,
    state: sound === copies.length ? "sound" : sound > 0 ? "impaired" : "damaged",
    copies: copies.map(({ kind, path, problem }) => ({ kind, path, problem: problem?.message ?? null })),
  };
}
