import { RateLimit } from "./rate-limit.ts";

/** How many operations a second all capabilities of a tenant together are granted, where that is bounded. */
export class TenantRates {
  readonly #limits = new Map<string, RateLimit>();
  readonly #clock: { monotonic(): number };
  readonly #rateOf: (tenant: string) => number | undefined;

  constructor(clock: { monotonic(): number }, rateOf: (tenant: string) => number | undefined) {
    this.#clock = clock;
    this.#rateOf = rateOf;
  }

  /** @throws SoloError `limit_exceeded` with `details.retry_after_ms`, when the next one is granted */
  take(tenant: string): void {
    this.#limitOf(tenant)?.take(tenant);
  }

  /** Refuses what {@link take} would, and counts nothing. */
  check(tenant: string): void {
    this.#limitOf(tenant)?.check(tenant);
  }

  #limitOf(tenant: string): RateLimit | undefined {
    const rate = this.#rateOf(tenant);
    if (rate === undefined) return undefined;
    const hint = `all of tenant ${tenant} together sends too much; \`tenants.${tenant}.rate\` bounds it`;
    const limit = this.#limits.get(tenant) ?? new RateLimit(rate, this.#clock, hint);
    this.#limits.set(tenant, limit);
    return limit;
  }
}
