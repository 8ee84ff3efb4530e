import { limited } from "./limited.ts";

/** A place among what is in flight, held until it is released. */
export interface Lease {
  /** Gives the place back. Harmless when it was given back already. */
  release(): void;
}

export interface SlotLimits {
  readonly perTenant: number;
  readonly total: number;
  /** For a tenant that has a number of its own. */
  readonly of?: (tenant: string) => number | undefined;
}

export interface SlotStats extends SlotLimits {
  readonly inFlight: number;
  /** Tenants that hold a place, with how many. */
  readonly tenants: ReadonlyMap<string, number>;
  /** Refused since the start. */
  readonly refused: number;
}

/** Places for what may be in flight at a time: so many for each tenant, so many in all. Whoever finds none is refused at once. */
export class Slots {
  readonly #what: string;
  readonly #limits: SlotLimits;
  readonly #tenants = new Map<string, number>();
  #inFlight = 0;
  #refused = 0;

  /** @param what has a place, in the plural: `requests` */
  constructor(what: string, limits: SlotLimits) {
    this.#what = what;
    this.#limits = limits;
  }

  get stats(): SlotStats {
    return { ...this.#limits, inFlight: this.#inFlight, tenants: new Map(this.#tenants), refused: this.#refused };
  }

  /** @throws SoloError `limit_exceeded` with `details.retry_after_ms` when the tenant, or all together, have no place left */
  take(tenant: string): Lease {
    this.check(tenant);
    this.#tenants.set(tenant, (this.#tenants.get(tenant) ?? 0) + 1);
    this.#inFlight += 1;
    let isHeld = true;
    return {
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#giveBack(tenant);
      },
    };
  }

  /** Refuses what {@link take} would, and takes nothing. */
  check(tenant: string): void {
    const { total, of } = this.#limits;
    const own = of?.(tenant);
    const perTenant = own ?? this.#limits.perTenant;
    const held = this.#tenants.get(tenant) ?? 0;
    if (held >= perTenant) {
      const setting = own === undefined ? "limits.max_per_tenant" : `tenants.${tenant}.max_calls`;
      throw this.#refusal("tenant", setting, perTenant, `${held} ${this.#what} of ${tenant} are in flight`);
    }
    if (this.#inFlight >= total)
      throw this.#refusal("total", "limits.max_total", total, `${total} ${this.#what} are in flight`);
  }

  #giveBack(tenant: string): void {
    this.#inFlight -= 1;
    const held = (this.#tenants.get(tenant) ?? 1) - 1;
    if (held > 0) this.#tenants.set(tenant, held);
    else this.#tenants.delete(tenant);
  }

  #refusal(bound: "tenant" | "total", setting: string, limit: number, message: string) {
    this.#refused += 1;
    const hint = `try again when some have ended; \`${setting}\` is how many there may be`;
    return limited(message, { bound, limit, retryAfterMs: retryMs, hint });
  }
}

/** Most requests take milliseconds: after a second there is most likely a place. */
const retryMs = 1_000;
