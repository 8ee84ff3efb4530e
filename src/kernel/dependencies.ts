import { type DependencyCondition, type ServiceRef, SoloError } from "../api/index.ts";
import type { Kernel } from "./kernel.ts";
import { serviceState } from "./service.ts";

/**
 * Waits until every dependency meets its condition: `started` (a process runs, or ran to its end), `healthy` (ready),
 * `completed` (ended by itself with success).
 *
 * @param together services that the same request deploys: they may not have been started yet
 * @throws SoloError `start_failed` as soon as a dependency can't meet its condition any more
 */
export async function awaitDependencies(
  kernel: Kernel,
  tenant: string,
  dependencies: Readonly<Record<string, DependencyCondition>>,
  together: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    Object.entries(dependencies).map(async ([name, condition]) => {
      const ref = { tenant, name };
      await kernel.until(ref, () => isMet(kernel, ref, condition, together.has(name)), signal);
    }),
  );
}

function isMet(kernel: Kernel, ref: ServiceRef, condition: DependencyCondition, expected: boolean): boolean {
  const service = kernel.find(ref);
  const instances = kernel.supervisor.instancesOf(ref);
  const state = service === undefined ? "stopped" : serviceState(service, instances);
  switch (condition) {
    case "started":
      if (state === "completed" || instances.some(({ pid }) => pid !== null)) return true;
      break;
    case "healthy":
      if (state === "ready" || state === "degraded") return true;
      break;
    case "completed":
      if (state === "completed") return true;
  }
  const hopeless =
    state === "failed" || state === "crash_loop" || (state === "stopped" && !(expected || service?.operations.busy));
  if (!hopeless && !(state === "completed" && condition === "healthy")) return false;
  throw new SoloError("start_failed", `${ref.name}, which must be ${condition} first, is ${state}`, {
    hint: `\`solo logs ${ref.name}\` and \`solo status ${ref.name}\` show why`,
  });
}
