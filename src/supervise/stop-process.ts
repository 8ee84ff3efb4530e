import { SoloError } from "../api/index.ts";
import type { ProcessRun } from "./process-run.ts";
import type { LaunchPlan, SuperviseRuntime } from "./runtime.ts";

/** Requests in flight get so long before SIGTERM, and never longer than the grace: an event stream would last for ever. */
const drainMs = 10_000;

export interface StopOptions {
  /** SIGKILL at once. */
  readonly force?: boolean;
  /** From SIGTERM to SIGKILL; the service's own when absent. */
  readonly graceMs?: number;
}

export interface StopPlan {
  readonly id: string;
  readonly plan: LaunchPlan;
  /** From SIGTERM to SIGKILL; 0 for SIGKILL at once. */
  readonly graceMs: number;
  /** Cuts drain and grace short. */
  readonly hurry: AbortSignal;
  /** Called when the requests in flight are done. */
  readonly onDrained: () => void;
}

/**
 * Ends a process in order: no new requests, those in flight are finished, an agent is asked to end by itself, SIGTERM to its whole tree, the grace, SIGKILL,
 * and the proof that nothing is left; then waits for its last output.
 * @throws SoloError `stop_failed` naming the pids that remain
 */
export async function stopProcess(
  run: ProcessRun,
  { routes }: Pick<SuperviseRuntime, "routes">,
  { id, plan: { ref }, graceMs, hurry, onDrained }: StopPlan,
): Promise<void> {
  if (graceMs > 0 && run.exit === undefined) {
    await Promise.race([routes.drain(ref, id, Math.min(graceMs, drainMs)), aborted(hurry)]);
  }
  routes.remove(ref, id);
  onDrained();
  if (graceMs > 0 && run.exit === undefined) {
    await Promise.race([run.shutDown("the service is stopped", Math.min(graceMs, drainMs)), aborted(hurry)]);
  }
  const left = await run.endTree(hurry.aborted ? 0 : graceMs, hurry);
  if (left.length > 0) {
    throw new SoloError("stop_failed", `${ref.name}: processes ${left.join(", ")} of ${id} are still there`, {
      hint: "they can't be killed: `ps -o pid,stat,wchan -p PID` shows what holds them",
      applied: "unknown",
      details: { pids: left },
    });
  }
  await run.exited();
  await run.drainOutput();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
