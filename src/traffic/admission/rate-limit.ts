import { limited } from "./limited.ts";

/** Requests that a holder may have saved up, in the time in which they are granted: a second's worth may come at once. */
const burstMs = 1_000;
/** Between looks for holders whose bucket is full again: they need not be remembered. */
const sweepMs = 10_000;
/** Sums of fractions are off by less than this. */
const roundingMs = 1e-3;

/** How many requests a second a holder is granted; of a capability, its own or an ancestor's. */
export interface Rate {
  readonly id: string;
  readonly per_second: number;
}

/** A token bucket for each holder, such as a capability: a steady rate, and what was not used for a second at once. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #clock: { monotonic(): number };
  /** When each holder's bucket will be full again (monotonic ms): what is left of it follows from that. */
  readonly #fullAt = new Map<string, number>();
  #sweptAt = 0;

  readonly #hint: string;

  /**
   * @param perSecond requests a second of each holder that has no rate of its own
   * @param hint what to do about a refusal
   */
  constructor(perSecond: number, clock: { monotonic(): number }, hint = capabilityHint) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#hint = hint;
  }

  /** Holders of which something is remembered. */
  get known(): number {
    return this.#fullAt.size;
  }

  /**
   * Counts a request of a holder, and against the rates of its own and of others that bound it. It counts against none when
   * one of them refuses it.
   * @throws SoloError `limit_exceeded` with `details.retry_after_ms`, when the next one is granted
   */
  take(holder: string, rates: readonly Rate[] = []): void {
    const now = this.#clock.monotonic();
    if (now - this.#sweptAt >= sweepMs) this.#sweep(now);
    const all = this.#allOf(holder, rates);
    const fullAt = all.map((rate) => this.#afterOneMore(rate, now));
    for (const [index, { id }] of all.entries()) this.#fullAt.set(id, fullAt[index] ?? now);
  }

  /** Refuses what {@link take} would, and counts nothing. */
  check(holder: string, rates: readonly Rate[] = []): void {
    const now = this.#clock.monotonic();
    for (const rate of this.#allOf(holder, rates)) this.#afterOneMore(rate, now);
  }

  #allOf(holder: string, rates: readonly Rate[]): readonly Rate[] {
    const general = { id: holder, per_second: this.#perSecond };
    return rates.some(({ id }) => id === holder) ? rates : [general, ...rates];
  }

  /** When a bucket will be full again once a request was counted. */
  #afterOneMore({ id, per_second }: Rate, now: number): number {
    const rate = Math.min(per_second, this.#perSecond);
    const each = 1_000 / rate;
    const fullAt = Math.max(this.#fullAt.get(id) ?? now, now) + each;
    // A slow rate still lets one request through at a time.
    const waitMs = fullAt - now - Math.max(burstMs, each);
    if (waitMs <= roundingMs) return fullAt;
    const pressure = { bound: "rate", limit: rate, retryAfterMs: waitMs, hint: this.#hint };
    throw limited(`more than ${rate} requests a second`, pressure);
  }

  #sweep(now: number): void {
    this.#sweptAt = now;
    for (const [holder, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(holder);
  }
}

const capabilityHint =
  "send fewer, or use a capability with a higher rate; `security.rate_limit_per_capability` bounds all";
