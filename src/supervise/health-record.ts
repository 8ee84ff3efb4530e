import type { Probe } from "../api/index.ts";

export type ProbeRole = "startup" | "readiness" | "liveness";

/** One attempt's outcome. */
export interface ProbeAttempt {
  readonly ok: boolean;
  /** What was seen, in words: `HTTP 503`, `connection refused`, `exit 1: …`. */
  readonly message: string;
}

/** A probe's standing: the judged state moves only after enough attempts in a row say so. */
export interface HealthRecord {
  /** Null until enough attempts agree. */
  readonly ok: boolean | null;
  /** Attempts in a row with the latest outcome. */
  readonly consecutive: number;
  readonly lastOk: boolean | null;
  readonly message: string;
  /** Wall time of the latest attempt, in milliseconds; null before the first. */
  readonly checkedAt: number | null;
}

export const unchecked: HealthRecord = {
  ok: null,
  consecutive: 0,
  lastOk: null,
  message: "not checked yet",
  checkedAt: null,
};

/** Adds an attempt to a record: `success_threshold` successes in a row make it ok, `failure_threshold` failures not ok. */
export function recordAttempt(
  probe: Pick<Probe, "success_threshold" | "failure_threshold">,
  record: HealthRecord,
  attempt: ProbeAttempt,
  now: number,
): HealthRecord {
  const consecutive = record.lastOk === attempt.ok ? record.consecutive + 1 : 1;
  const needed = attempt.ok ? probe.success_threshold : probe.failure_threshold;
  return {
    ok: consecutive >= needed ? attempt.ok : record.ok,
    consecutive,
    lastOk: attempt.ok,
    message: attempt.message,
    checkedAt: now,
  };
}
