/** States of services and instances, as they appear in every JSON document. */

export const instanceStates = [
  "starting",
  "ready",
  "degraded",
  "unhealthy",
  "draining",
  "stopping",
  "stopped",
  "completed",
  "failed",
  "backoff",
  "crash_loop",
] as const;

export type InstanceState = (typeof instanceStates)[number];

/** A service has the same states: `degraded` when some but not all of its replicas are ready. */
export type ServiceState = InstanceState;

/** States in which an operating-system process exists. */
export function isAlive(state: InstanceState): boolean {
  return (
    state === "starting" ||
    state === "ready" ||
    state === "degraded" ||
    state === "unhealthy" ||
    state === "draining" ||
    state === "stopping"
  );
}
