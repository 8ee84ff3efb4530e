import { type Clock, type Poller, resizePipe } from "../../system/index.ts";
import { Staging } from "./staging.ts";
import { Throttle } from "./throttle.ts";

/** What all captures of a kernel share: its poller, its buffers and its allowances. Memory does not grow with their number. */
export class Intake {
  readonly clock: Clock;
  readonly poller: Poller;
  readonly staging: Staging;
  readonly throttle: Throttle;
  /** Where records are put together. A few chunks of ordinary lines fit, and so does any single record. */
  readonly output = Buffer.alloc(outputBytes);
  #enlarged = 0;
  readonly #waiting: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(clock: Clock, poller: Poller, stagingPath: string, bytesPerSecond?: number) {
    this.clock = clock;
    this.poller = poller;
    this.staging = new Staging(stagingPath);
    this.throttle = new Throttle(clock, bytesPerSecond);
  }

  /** Gives a busy FIFO a larger buffer, if it is among the first. True when it is enlarged: {@link shrunk} gives it back. */
  enlarge(fd: number): boolean {
    if (this.#enlarged >= maxEnlarged || resizePipe(fd, enlargedBytes) < enlargedBytes) return false;
    this.#enlarged += 1;
    return true;
  }

  shrunk(): void {
    this.#enlarged -= 1;
  }

  /**
   * Gives a capture its turn once the allowance holds something again, in the order of asking. Captures wait here and not
   * with the poller, which would find hundreds of flooding FIFOs readable at each look, for nothing.
   */
  defer(turn: () => void): void {
    this.#waiting.push(turn);
    this.#timer ??= setTimeout(() => this.#serve(), this.throttle.pauseMs);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.length = 0;
  }

  /** One turn of the event loop's worth of the captures that wait. */
  #serve(): void {
    const deadline = this.clock.monotonic() + serveMs;
    for (let left = this.#waiting.length; left > 0 && this.throttle.open; left--) {
      this.#waiting.shift()?.();
      if (this.clock.monotonic() >= deadline) break;
    }
    this.#timer = undefined;
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#serve(), this.throttle.pauseMs);
  }
}

/** As long as a turn of the poller. */
const serveMs = 1.5;

const outputBytes = 262_144;
/** The largest that an unprivileged process may ask for (`/proc/sys/fs/pipe-max-size`): ten milliseconds at 100 MB/s. */
const enlargedBytes = 1_048_576;
/** Half of a user's allowance of 64 MiB in pipes. Beyond it new pipes of all the user's programs would shrink to 8 KiB. */
const maxEnlarged = 32;
