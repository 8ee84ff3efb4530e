import { type InstanceDetail, type InstanceState, isAlive } from "../../api/index.ts";
import { readMemory } from "../../system/index.ts";
import type { StoredInstance } from "../database/index.ts";

/** An instance as it is known without a kernel: from its record, and from /proc. */
export function restingInstance(instance: StoredInstance): InstanceDetail {
  const { id, pid, port, serves, revision, started, restarts } = instance;
  return {
    id,
    pid,
    state: restingState(instance),
    port: serves ? port : null,
    revision,
    started: new Date(started).toISOString(),
    uptime_ms: Math.max(0, Date.now() - started),
    restarts,
    rss_bytes: pid === null ? 0 : (readMemory(pid)?.rssBytes ?? 0),
    cpu_percent: 0,
    adopted: false,
    reason: "runs without a kernel",
    throttle: null,
    history: [],
  };
}

/** The state in a record is that of its last save; a process that lives is at least starting. */
export function restingState({ state }: StoredInstance): InstanceState {
  const known: readonly InstanceState[] = ["starting", "ready", "degraded", "unhealthy", "draining", "stopping"];
  return known.find((candidate) => candidate === state && isAlive(candidate)) ?? "starting";
}
