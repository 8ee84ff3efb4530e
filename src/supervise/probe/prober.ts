import type { Probe } from "../../api/index.ts";
import type { Clock } from "../../system/index.ts";
import { type HealthRecord, type ProbeAttempt, type ProbeRole, recordAttempt, unchecked } from "../health-record.ts";

/** The first pauses of a probe that has never succeeded: a fast start must not wait for a slow interval. */
const eagerPausesMs = [5, 10, 10, 20, 20, 40, 40, 80, 80, 160, 320, 640];
/** A failure that took so much longer than its timeout says that the kernel itself stood still, not the service. */
const stallMs = 250;

export interface ProberOptions {
  readonly role: ProbeRole;
  readonly probe: Probe;
  readonly clock: Clock;
  readonly attempt: () => Promise<ProbeAttempt>;
  /** Called after every attempt that counts. */
  readonly onRecord: (record: HealthRecord) => void;
}

/** Repeats a probe: one attempt at a time, `interval_ms` between them. */
export class Prober {
  readonly role: ProbeRole;
  readonly probe: Probe;
  record: HealthRecord = unchecked;
  readonly #options: ProberOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempts = 0;
  #forgiven = false;
  #stopped = false;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.role = options.role;
    this.probe = options.probe;
    void this.#run();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    const { attempt, clock, onRecord } = this.#options;
    const begin = clock.monotonic();
    const outcome = await attempt();
    if (this.#stopped) return;
    const stalled = !outcome.ok && clock.monotonic() - begin > this.probe.timeout_ms + stallMs;
    this.#timer = setTimeout(() => void this.#run(), this.#pause());
    this.#attempts += 1;
    // Only one in a row: a probe that takes that long every time does fail.
    this.#forgiven = stalled && !this.#forgiven;
    if (this.#forgiven) return;
    this.record = recordAttempt(this.probe, this.record, outcome, clock.now());
    onRecord(this.record);
  }

  #pause(): number {
    const { interval_ms } = this.probe;
    if (this.record.ok === true || this.role === "liveness") return interval_ms;
    return Math.min(interval_ms, eagerPausesMs[this.#attempts] ?? interval_ms);
  }
}
