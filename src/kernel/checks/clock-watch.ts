import { type Check, formatDuration } from "../../api/index.ts";
import { type Clock, isClockSynchronized } from "../../system/index.ts";

/** Less is what a clock is steered by, not set. */
const leastJumpMs = 2_000;
/** So long a jump is told of: certificates, timers and times in logs may be wrong by it. */
const toldMs = 3_600_000;

/** Notices when the machine's clock is set while the kernel runs, by the clock that can't be. */
export class ClockWatch {
  readonly #clock: Clock;
  #offset: number;
  #jump: { readonly byMs: number; readonly noticed: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offset = clock.now() - clock.monotonic();
  }

  check(): Check {
    const now = this.#clock.monotonic();
    const offset = this.#clock.now() - now;
    const byMs = offset - this.#offset;
    this.#offset = offset;
    if (Math.abs(byMs) >= leastJumpMs) this.#jump = { byMs, noticed: now };
    if (this.#jump !== undefined && now - this.#jump.noticed < toldMs) {
      const { byMs: jumped } = this.#jump;
      const how = `${formatDuration(Math.abs(jumped))} ${jumped > 0 ? "forward" : "back"}`;
      const message = `went ${how} while the kernel ran: it was set, or the machine slept`;
      return { name: "clock", status: "degraded", message };
    }
    const isSynchronized = isClockSynchronized();
    const how =
      isSynchronized === undefined ? "steady" : isSynchronized ? "synchronised" : "steady, not synchronised by NTP";
    return { name: "clock", status: "healthy", message: how };
  }
}
