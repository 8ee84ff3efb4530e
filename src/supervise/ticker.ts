import { heartbeatIntervalMs, slowHeartbeatIntervalMs } from "../api/index.ts";

/** With more hosts than this beats get slower … */
const manyHosts = 1_000;
/** … until there are fewer than this again: hosts that come and go at the limit must not change the pace of all. */
const fewHosts = 900;

/**
 * One timer for all hosts that are watched: one of its own for each would wake a kernel with thousands of them thousands of
 * times a second. It runs while anyone listens.
 */
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let paceMs: number = heartbeatIntervalMs;

/** How often each host is to send a heartbeat, in milliseconds: a kernel hears of at most a thousand a second up to 2,000 hosts. */
export function heartbeatPaceMs(): number {
  if (listeners.size > manyHosts) paceMs = slowHeartbeatIntervalMs;
  else if (listeners.size < fewHosts) paceMs = heartbeatIntervalMs;
  return paceMs;
}

/** Calls back at the interval of heartbeats. Answers with the function that ends it. */
export function everyBeat(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const each of listeners) each();
  }, heartbeatIntervalMs);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
