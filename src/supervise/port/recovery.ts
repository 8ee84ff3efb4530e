import type { Clock } from "../../system/index.ts";

/** How an agent came back, in milliseconds: noticing and restoring are told apart. */
export interface Recovery {
  /** How long it had been silent when it was declared dead; 0 when its process ended, which the system tells at once. */
  readonly detectionMs: number;
  /** From there until the new process was ready. */
  readonly restartMs: number;
  /** Of that, from the first byte of `restore` to the first heartbeat. */
  readonly restoreMs: number;
  readonly restoredBytes: number;
  readonly restoredEntries: number;
}

/** Measures one instance's recoveries, which begin in one process and end in another. */
export class RecoveryTimes {
  readonly #clock: Clock;
  #lost: { readonly at: number; readonly detectionMs: number } | undefined;
  #restoring: { readonly at: number; readonly bytes: number; readonly entries: number } | undefined;
  last: Recovery | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The process is no use any more. @param silentMs for how long it had said nothing; 0 when it ended */
  lost(silentMs: number): void {
    this.#lost ??= { at: this.#clock.monotonic(), detectionMs: Math.round(silentMs) };
  }

  restoring(bytes: number, entries: number): void {
    this.#restoring = { at: this.#clock.monotonic(), bytes, entries };
  }

  /** @returns the recovery that ends here; undefined at a first start */
  ready(): Recovery | undefined {
    const now = this.#clock.monotonic();
    const [lost, restoring] = [this.#lost, this.#restoring];
    this.#lost = this.#restoring = undefined;
    if (lost === undefined) return undefined;
    this.last = {
      detectionMs: lost.detectionMs,
      restartMs: round(now - lost.at),
      restoreMs: restoring === undefined ? 0 : round(now - restoring.at),
      restoredBytes: restoring?.bytes ?? 0,
      restoredEntries: restoring?.entries ?? 0,
    };
    return this.last;
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
