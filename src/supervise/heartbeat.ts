import { type HostMessage, type HostShape, heartbeatIntervalMs } from "../api/index.ts";
import type { Clock } from "../system/index.ts";
import { everyBeat, heartbeatPaceMs } from "./ticker.ts";

type Health = NonNullable<Extract<HostMessage, { type: "heartbeat" }>["health"]>;

const healthy: Health = { status: "healthy" };

/** A host that serves requests for its module counts as hung when its event loop has stood still for this long. */
export const heartbeatTimeoutMs = 5_000;

/** What a host has said of itself: whether it is ready, how its service feels, and when it was last heard of. */
export class Heartbeat {
  ready = false;
  /** The service's own answer; healthy when it gives none. */
  health: Health = healthy;
  /** Whether it listens on a port: one that doesn't has shown nothing yet by being ready. */
  listens = false;
  readonly #clock: Clock;
  readonly #endTicks: () => void;
  readonly #isAdopted: boolean;
  #shape: HostShape | null;
  #beats = 0;
  #last: number;
  #lastTick: number;
  /** What the host was told of how often it is to beat; undefined for an adopted one, which another kernel may have told. */
  #paceMs: number | undefined;

  /**
   * @param shape what a former kernel knew of an adopted host, which has to be heard of again within the time that any silence
   * may last; null for a new process
   * @param setPace tells the host how often to beat; false when it can't be told now
   * @param onSilence called every second while a beat is overdue: the silence may have become too long
   */
  constructor(clock: Clock, shape: HostShape | null, setPace: (ms: number) => boolean, onSilence: () => void) {
    this.#clock = clock;
    this.#paceMs = shape === null ? heartbeatIntervalMs : undefined;
    this.#shape = shape;
    this.#isAdopted = shape !== null;
    this.#last = this.#lastTick = clock.monotonic();
    this.#endTicks = everyBeat(() => {
      const now = clock.monotonic();
      this.#noticePause(now);
      const paceMs = heartbeatPaceMs();
      if (paceMs !== this.#paceMs && setPace(paceMs)) this.#paceMs = paceMs;
      if (this.#isOverdue(now)) onSilence();
    });
  }

  /** @returns whether it tells anything new: nearly every beat only says that all is as it was */
  receive(message: HostMessage): boolean {
    const now = this.#clock.monotonic();
    const isSame = this.ready && !this.#isOverdue(now) && message.type === "heartbeat" && this.#isKnown(message.health);
    this.#last = now;
    if (message.type === "ready") {
      this.#shape = message.shape;
      this.listens = message.port !== null;
    }
    if (message.type === "heartbeat") {
      this.#beats += 1;
      this.health = message.health ?? healthy;
    }
    // A service may have an opinion on its own health: it is asked for it before it counts as ready.
    this.ready = this.#shape !== null && (this.#shape !== "service" || this.#beats > 0);
    return !isSame;
  }

  get shape(): HostShape | null {
    return this.#shape;
  }

  /** Whether a silent host means a hung one: a plain script or a WASI module may compute for as long as it likes. */
  get serves(): boolean {
    return this.#shape === "fetch" || this.#shape === "service";
  }

  /** Milliseconds since the host was last heard of, or adopted; 0 before a new one was ready. */
  get silenceMs(): number {
    return this.#silenceAt(this.#clock.monotonic());
  }

  stop(): void {
    this.#endTicks();
  }

  #silenceAt(now: number): number {
    return this.ready || this.#isAdopted ? now - this.#last : 0;
  }

  #isOverdue(now: number): boolean {
    return this.#silenceAt(now) > (this.#paceMs ?? heartbeatIntervalMs);
  }

  #isKnown({ status, message }: Health = healthy): boolean {
    return status === this.health.status && message === this.health.message;
  }

  /** After a pause of the kernel itself (a suspended machine, SIGSTOP) beats may be waiting unread: give them a round. */
  #noticePause(now: number): void {
    if (now - this.#lastTick > heartbeatIntervalMs * 2) this.#last = now;
    this.#lastTick = now;
  }
}
