import type { MessageShape } from "@bufbuild/protobuf";
import type { CheckpointDocument } from "../../api/index.ts";
import { type RestoreCheckpointRequestSchema, SoloKernel } from "../../api/proto/solo/v1/solo.gen.ts";
import { type Method, unary } from "./method.ts";
import { serviceOf } from "./services.ts";
import { integerOf, invalid, millisecondsOf, timeOf } from "./values.ts";

/** CreateCheckpoint, ListCheckpoints, RestoreCheckpoint. */
export const checkpointMethods: readonly Method[] = [
  unary(SoloKernel.method.createCheckpoint, async ({ serviceId }, call) =>
    checkpointOf(await call.api.checkpointCreate({ tenant: call.tenant(), name: serviceOf(serviceId) })),
  ),
  unary(SoloKernel.method.listCheckpoints, async ({ serviceId }, call) => {
    const { checkpoints } = await call.api.checkpoints({ tenant: call.tenant(), name: serviceOf(serviceId) });
    return { checkpoints: checkpoints.map(checkpointOf) };
  }),
  unary(SoloKernel.method.restoreCheckpoint, async ({ serviceId, point, dryRun }, call) => {
    const target = { tenant: call.tenant(), name: serviceOf(serviceId) };
    const restored = await call.api.checkpointRestore({ ...target, ...pointOf(point), dry_run: dryRun });
    const { checkpoint, restored_position, restored_time, replayed, before, state, warnings } = restored;
    return {
      serviceId,
      checkpoint: checkpoint ?? "",
      restoredPosition: BigInt(restored_position),
      restoredTimeMs: millisecondsOf(restored_time),
      replayed: BigInt(replayed),
      before: before ?? "",
      ...{ state, warnings },
    };
  }),
];

function pointOf(point: MessageShape<typeof RestoreCheckpointRequestSchema>["point"]) {
  switch (point.case) {
    case "id":
      return { id: point.value };
    case "position":
      return { position: integerOf(point.value, "position") };
    case "timeMs":
      return { time: timeOf(point.value, "time_ms") };
    case undefined:
      throw invalid("point", "expects id, position or time_ms");
  }
}

function checkpointOf(checkpoint: CheckpointDocument) {
  const { id, service, created, position, bytes, stored_bytes, sha256, reason, parent } = checkpoint;
  return {
    ...{ id, sha256, reason },
    serviceId: service,
    createdMs: millisecondsOf(created),
    position: BigInt(position),
    bytes: BigInt(bytes),
    storedBytes: BigInt(stored_bytes),
    parent: parent ?? "",
  };
}
