import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SoloError } from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";
import type { Service } from "../service.ts";

/** So many revisions of each service are kept, beside the current one and those that still run. */
const keptRevisions = 10;

/**
 * Removes old revisions, artifacts that no revision needs, and FIFOs that no instance has: without it every deploy would
 * leave something for ever, and so would every kernel that was killed. At the start of a kernel, when nothing is being built.
 */
export function sweep(kernel: Kernel): void {
  try {
    sweepRevisions(kernel, kernel.services());
    const { artifacts } = kernel.paths;
    const digests = kernel.parts.database.revisions.digests();
    removeExcept(artifacts, (name) => digests.has(name));
    const { fifos } = kernel.parts;
    const known = new Set([...kernel.supervisor.all()].flatMap((instance) => instance.fifos()));
    removeExcept(fifos, (name) => known.has(join(fifos, name)));
    const instances = new Set([...kernel.supervisor.all()].map(({ id }) => id));
    kernel.parts.sandboxes.sweep(instances);
    kernel.parts.secrets.sweep(instances);
    kernel.parts.tokens.sweep(instances);
  } catch (error) {
    noteSweepFailure(kernel, error);
  }
}

export function noteSweepFailure(kernel: Kernel, error: unknown): void {
  const reason = SoloError.from(error).message;
  kernel.emit({ tenant: "default", event: "sweep_failed", subject: "kernel", data: { reason } });
}

/** Removes the oldest revisions of those services that have too many. */
export function sweepRevisions(kernel: Kernel, services: readonly Service[]): void {
  const { database } = kernel.parts;
  const old = services.flatMap(({ ref, revision }) => {
    const running = kernel.supervisor.instancesOf(ref).map(({ plan }) => plan.revision);
    const needed = new Set([revision.id, kernel.rollouts.targetOf(ref), ...running]);
    return database.revisions
      .list(ref)
      .slice(keptRevisions)
      .filter(({ id }) => !needed.has(id));
  });
  if (old.length === 0) return;
  database.transaction(() => {
    for (const { ref, id } of old) database.revisions.remove(ref, id);
  });
}

function removeExcept(folder: string, isNeeded: (name: string) => boolean): void {
  for (const name of readdirSync(folder)) {
    if (!isNeeded(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}
