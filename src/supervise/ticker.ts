import { heartbeatIntervalMs } from "../api/index.ts";

/**
 * One timer for all hosts that are watched: one of its own for each would wake a kernel with thousands of them thousands of
 * times a second. It runs while anyone listens.
 */
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

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
