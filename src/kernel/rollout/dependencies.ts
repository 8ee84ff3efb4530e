import { type DependencyCondition, type ServiceRef, SoloError } from "../../api/index.ts";
import type { Kernel } from "../kernel.ts";
import { serviceState } from "../service.ts";

export interface DependencyWait {
  /** Services that the same request deploys: what counts is how they are when that is done. */
  readonly together: ReadonlySet<string>;
  /** Wait on even for one that can't meet its condition as things are: somebody may mend it. */
  readonly patient: boolean;
}

/**
 * Waits until every dependency meets its condition: `started` (a process runs, or ran to its end), `healthy` (ready),
 * `completed` (ended by itself with success).
 * @throws SoloError `start_failed` as soon as a dependency can't meet its condition any more
 */
export async function awaitDependencies(
  kernel: Kernel,
  tenant: string,
  dependencies: Readonly<Record<string, DependencyCondition>>,
  wait: DependencyWait,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    Object.entries(dependencies).map(async ([name, condition]) => {
      const ref = { tenant, name };
      await kernel.until(ref, () => isMet(kernel, ref, condition, wait), signal);
    }),
  );
}

function isMet(kernel: Kernel, ref: ServiceRef, condition: DependencyCondition, wait: DependencyWait): boolean {
  const service = kernel.find(ref);
  const instances = kernel.supervisor.instancesOf(ref);
  const state = service === undefined ? "stopped" : serviceState(service, instances);
  const isChanging = kernel.isChanging(ref);
  if (condition === "started" && (state === "completed" || instances.some(({ pid }) => pid !== null))) return true;
  // What is being replaced right now says nothing of what comes.
  if (!(isChanging && wait.together.has(ref.name))) {
    if (condition === "healthy" && (state === "ready" || state === "degraded")) return true;
    if (condition === "completed" && state === "completed") return true;
  }
  const isHopeless =
    state === "failed" ||
    state === "crash_loop" ||
    state === "stopped" ||
    (state === "completed" && condition === "healthy");
  if (!isHopeless || isChanging || wait.patient) return false;
  throw new SoloError("start_failed", `${ref.name}, which must be ${condition} first, is ${state}`, {
    hint: `\`solo logs ${ref.name}\` and \`solo status ${ref.name}\` show why`,
    details: { dependency: ref.name },
  });
}
