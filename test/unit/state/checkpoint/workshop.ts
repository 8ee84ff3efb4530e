import { join } from "node:path";
import { type CheckpointTrouble, ServiceCheckpoints, type ServiceState } from "../../../../src/state/index.ts";
import type { FileSystem } from "../../../../src/store/index.ts";
import type { Clock } from "../../../../src/system/index.ts";
import { systemClock } from "../../../../src/system/index.ts";
import { collect, text } from "../core/workshop.ts";

export const subject = { revision: "r1", spec_sha256: null };

export interface Made {
  readonly checkpoints: ServiceCheckpoints;
  readonly troubles: CheckpointTrouble[];
}

/** The checkpoints of the state in a folder. */
export function checkpointsIn(
  folder: string,
  options: { backupFolder?: string; files?: FileSystem; clock?: Clock; name?: string } = {},
): Made {
  const troubles: CheckpointTrouble[] = [];
  const { name = "svc", clock = systemClock, ...rest } = options;
  const checkpoints = new ServiceCheckpoints({
    ref: { tenant: "default", name },
    folder: join(folder, "checkpoints"),
    clock,
    ...rest,
    onTrouble: (trouble) => troubles.push(trouble),
  });
  return { checkpoints, troubles };
}

/** What `data` holds in a past state. */
export async function contentsOf(
  past: Awaited<ReturnType<ServiceCheckpoints["past"]>>,
): Promise<Record<string, string>> {
  const entries = await collect(past.entries());
  const data = entries.filter(({ space }) => space === "data");
  return Object.fromEntries(data.map(({ key, value }) => [key, text(value) ?? ""]).toSorted());
}

/** Everything of a state but the answers it remembers. */
export function everything(state: ServiceState): Record<string, string> {
  return Object.fromEntries(
    state
      .page("data")
      .map(({ key, value }) => [key, text(value) ?? ""])
      .toSorted(),
  );
}
