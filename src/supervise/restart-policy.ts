import type { RestartSpec } from "../api/index.ts";

/** How a process ended. `known` is false when nobody could read its exit status; then code and signal are null. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly known: boolean;
}

/** What a supervisor remembers of an instance's past restarts. Times are milliseconds of one monotonic clock. */
export interface RestartHistory {
  /** When each restart within the intensity window happened, oldest first. */
  readonly restarts: readonly number[];
  /** Restarts in a row without a stable stretch between them. */
  readonly consecutive: number;
  /** Once in a crash loop, an instance is in it until it was stable: its backoff alone must not make it look better. */
  readonly looping: boolean;
}

export const noRestarts: RestartHistory = { restarts: [], consecutive: 0, looping: false };

export type RestartDecision =
  | {
      readonly action: "restart";
      readonly delayMs: number;
      readonly crashLoop: boolean;
      readonly history: RestartHistory;
    }
  | { readonly action: "complete" }
  | { readonly action: "fail" };

export interface EndOfProcess {
  readonly exit: ProcessExit;
  /** Whether the kernel ended it because it was unwell: a failure, whatever its exit status. */
  readonly unwell: boolean;
  /** How long the process had been ready, in milliseconds. */
  readonly stableMs: number;
  readonly now: number;
}

/**
 * Decides what follows the end of a process, by OTP's restart types and intensity (supervisor(3erl)): `permanent` is always
 * restarted, `transient` only after an abnormal end, `temporary` never. The first restart is immediate; each further one in
 * a row waits twice as long (`backoff_min_ms` up to `backoff_max_ms`) with a jitter of up to a half, so that many instances
 * don't return in step. More than `max` restarts within `within_ms` is a crash loop: OTP would give up there; Solo goes on
 * trying at the pace of its backoff. An instance that was ready for `within_ms` starts again with a clean record, and only
 * that ends a crash loop.
 *
 * @param random a number in [0, 1)
 */
export function decideRestart(
  spec: RestartSpec,
  history: RestartHistory,
  end: EndOfProcess,
  random: number,
): RestartDecision {
  const normal = end.exit.code === 0 && !end.unwell;
  if (spec.policy === "temporary" || (spec.policy === "transient" && normal)) {
    return { action: normal ? "complete" : "fail" };
  }
  const stable = end.stableMs >= spec.within_ms;
  const consecutive = stable ? 1 : history.consecutive + 1;
  const recent = stable ? [] : history.restarts.filter((time) => end.now - time < spec.within_ms);
  const restarts = [...recent, end.now].slice(-(spec.max + 1));
  const looping = restarts.length > spec.max || (!stable && history.looping);
  return {
    action: "restart",
    delayMs: backoff(spec, consecutive, random),
    crashLoop: looping,
    history: { restarts, consecutive, looping },
  };
}

/** The pause before the `consecutive`-th restart in a row: 0 for the first, then within [half, all] of the doubling step. */
export function backoff(spec: RestartSpec, consecutive: number, random: number): number {
  if (consecutive <= 1) return 0;
  const step = Math.min(spec.backoff_max_ms, spec.backoff_min_ms * 2 ** Math.min(consecutive - 2, 40));
  return Math.round(step * (0.5 + random / 2));
}

/** An exit in words: `exited with code 1`, `ended by SIGKILL`, `ended with an unknown status`. */
export function describeExit(exit: ProcessExit): string {
  if (!exit.known) return "ended with an unknown status";
  if (exit.signal !== null) return `ended by ${exit.signal}`;
  return `exited with code ${exit.code}`;
}
