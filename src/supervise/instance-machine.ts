import type { InstanceState } from "../api/index.ts";

/** What can happen to an instance, as far as its state is concerned. */
export type InstanceEvent =
  /** Its probes and its host say that it serves. */
  | "well"
  /** It serves, but says that it is not at its best. */
  | "impaired"
  /** It runs, but must not get requests. */
  | "unwell"
  /** No new requests; those in flight are finished. */
  | "drain"
  | "stop"
  /** The process ended and, by the restart policy, starts again after a pause … */
  | "retry_later"
  /** … or too often within its window. */
  | "loop"
  /** The pause is over. */
  | "retry"
  | "complete"
  | "fail"
  /** A process that was asked to end is gone, with its whole tree. */
  | "gone";

type Row = Partial<Record<InstanceEvent, InstanceState>>;

const ended: Row = { retry_later: "backoff", loop: "crash_loop", complete: "completed", fail: "failed" };
const running: Row = { ...ended, drain: "draining", stop: "stopping", gone: "stopped" };
const waiting: Row = { retry: "starting", stop: "stopped", gone: "stopped", fail: "failed" };
const final: Row = { retry: "starting", stop: "stopped", gone: "stopped" };

const table: Readonly<Record<InstanceState, Row>> = {
  starting: { ...running, well: "ready", impaired: "degraded" },
  ready: { ...running, impaired: "degraded", unwell: "unhealthy" },
  degraded: { ...running, well: "ready", unwell: "unhealthy" },
  unhealthy: { ...running, well: "ready", impaired: "degraded" },
  draining: {
    stop: "stopping",
    gone: "stopped",
    retry_later: "stopped",
    loop: "stopped",
    complete: "stopped",
    fail: "stopped",
  },
  stopping: { gone: "stopped" },
  stopped: final,
  completed: final,
  failed: final,
  backoff: waiting,
  crash_loop: waiting,
};

/** The state after an event, or the same state where the event means nothing. Pure. */
export function transition(state: InstanceState, event: InstanceEvent): InstanceState {
  return table[state][event] ?? state;
}
