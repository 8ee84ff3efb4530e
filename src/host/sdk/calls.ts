import type { Input } from "./service.ts";

/** How a call of another service differs from the ordinary. */
export interface CallOptions {
  /** How long to wait for the answer: milliseconds or text such as `"30s"`. Default 5 s, never longer than the caller's own. */
  timeout?: number | string;
  /** Calls it off: it is not delivered any more if it still waits, and nobody waits for its answer. */
  signal?: AbortSignal;
}

/** How a message to another service differs from the ordinary. */
export interface SendOptions {
  /** Within this it is delivered, or never: milliseconds or text such as `"30s"`. Default 60 s. */
  timeout?: number | string;
}

/** How methods are offered. */
export interface OfferOptions {
  /** A service of the same tenant, which may then call them by `ctx.call`. Without it: whoever shows the token. */
  to?: string;
  /** How long: milliseconds or text such as `"10m"`. An offer ends with the instance that made it in any case. */
  ttl?: number | string;
  /** How often they may be called by the token in all. */
  calls?: number;
}

/** Some methods of a service, for somebody: nothing else of it can be had by this, which the kernel sees to. */
export interface Offer {
  /** As `solo capability list` shows it. */
  readonly id: string;
  /** For who calls from outside: `solo call` with `SOLO_TOKEN`, or HTTP. To be kept like a password. */
  readonly token: string;
  /** Ends it, with all that came from it. */
  withdraw(): Promise<void>;
}

/**
 * Calls of other services of the same tenant, which `allow = { call = ["NAME"] }` in solo.toml must name, or a capability grant.
 * They wait in the service's mailbox until one of its instances has room. None is delivered twice: when an instance ends with
 * a call in work, that call fails with `outcome_unknown`; those that wait go to the others.
 *
 * Every one of them rejects with an error that has a `code`: `forbidden` when it is not granted, `not_found`, `not_running`,
 * `unhealthy` when no instance gets ready within 10 s or calls failed five times in a row (the circuit breaker is open then),
 * `limit_exceeded` when too many wait (`details.retry_after_ms` says when to try again), `timeout`, `outcome_unknown`,
 * `failed` with the service's own error. A method that throws an error with the code `invalid_request`, `not_found`,
 * `conflict` or `limit_exceeded` passes it on to its caller.
 */
export interface Calls {
  /**
   * Has another service carry out a method, and returns what it returned. What a method calls in turn shares its deadline.
   *
   * @example
   * const { total } = await ctx.call<{ total: number }>("billing", "invoice", { order: 7 }, { timeout: "2s" });
   */
  call<Output = Input>(service: string, method: string, input?: unknown, options?: CallOptions): Promise<Output>;
  /**
   * Leaves a message and does not wait for an answer. Resolves once it is in the mailbox of the service. It is delivered at most
   * once, and lost with the kernel, with the instance that had it in work, or when its time is up.
   *
   * @example
   * await ctx.send("mailer", "welcome", { to: "ada@example.org" });
   */
  send(service: string, method: string, input?: unknown, options?: SendOptions): Promise<void>;
  /**
   * Offers some of this service's own methods to somebody, and no others.
   *
   * @example
   * await ctx.offer(["list", "add"], { to: "shop", ttl: "1h" }); // shop may call these two, and not `purge`
   */
  offer(methods: readonly string[], options?: OfferOptions): Promise<Offer>;
}
