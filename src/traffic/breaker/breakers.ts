import { SoloError } from "../../api/error.ts";
import { admit, type Breaker, type BreakerRules, closed, defaultRules, type Outcome, settle } from "./machine.ts";

export interface BreakersOptions {
  readonly clock: { monotonic(): number };
  readonly rules?: BreakerRules;
  /** Told of every change of state. */
  readonly onChange: (change: BreakerChange) => void;
}

export interface BreakerChange {
  readonly caller: string;
  readonly service: string;
  readonly state: Breaker["state"];
}

/** A call that a breaker let pass. */
export interface Passage {
  /** How it went. A second report is ignored. */
  ended(outcome: Outcome): void;
}

export interface BreakerView {
  readonly caller: string;
  readonly state: Breaker["state"];
  /** In a row, so far. */
  readonly failures: number;
  /** Until a call is tried again; 0 unless it is open. */
  readonly retryInMs: number;
}

/** The circuit breakers of all routes, from a caller to a service. One that never failed costs nothing. */
export class Breakers {
  readonly #options: BreakersOptions;
  readonly #rules: BreakerRules;
  /** Service → caller → its breaker, unless that is as at the beginning. */
  readonly #breakers = new Map<string, Map<string, Breaker>>();

  constructor(options: BreakersOptions) {
    this.#options = options;
    this.#rules = options.rules ?? defaultRules;
  }

  /** @throws SoloError `unhealthy` with `details.retry_after_ms` while the route is open */
  pass(caller: string, service: string): Passage {
    const now = this.#options.clock.monotonic();
    const breaker = this.#of(caller, service);
    const admitted = admit(breaker, this.#rules, now);
    if (admitted === undefined) throw this.#refusal(service, breaker, now);
    this.#keep(caller, service, breaker, admitted);
    const trial = admitted.state === "half_open";
    let isOver = false;
    return {
      ended: (outcome) => {
        if (isOver) return;
        isOver = true;
        const before = this.#of(caller, service);
        const report = { outcome, trial, now: this.#options.clock.monotonic() };
        this.#keep(caller, service, before, settle(before, this.#rules, report));
      },
    };
  }

  /** Those of the routes to a service that are not as at the beginning. */
  of(service: string): BreakerView[] {
    const breakers = this.#breakers.get(service);
    if (breakers === undefined) return [];
    const now = this.#options.clock.monotonic();
    return [...breakers].map(([caller, breaker]) => ({
      caller,
      state: breaker.state,
      failures: breaker.state === "closed" ? breaker.failures : this.#rules.failures,
      retryInMs: breaker.state === "open" ? Math.max(0, Math.ceil(breaker.until - now)) : 0,
    }));
  }

  /** Begins anew for a service, which is another one now. */
  forget(service: string): void {
    this.#breakers.delete(service);
  }

  #of(caller: string, service: string): Breaker {
    return this.#breakers.get(service)?.get(caller) ?? closed;
  }

  #keep(caller: string, service: string, before: Breaker, after: Breaker): void {
    if (after === before) return;
    const callers = this.#breakers.get(service) ?? new Map<string, Breaker>();
    if (after === closed) callers.delete(caller);
    else callers.set(caller, after);
    if (callers.size > 0) this.#breakers.set(service, callers);
    else this.#breakers.delete(service);
    if (after.state !== before.state) this.#options.onChange({ caller, service, state: after.state });
  }

  #refusal(service: string, breaker: Breaker, now: number): SoloError {
    const retryAfterMs = breaker.state === "open" ? Math.max(1, Math.ceil(breaker.until - now)) : trialMs;
    return new SoloError("unhealthy", `calls to ${service} failed ${this.#rules.failures} times in a row`, {
      hint: `the circuit breaker lets one try again in ${Math.ceil(retryAfterMs / 1_000)} s; \`solo status\` shows it`,
      details: { circuit_breaker: breaker.state, retry_after_ms: retryAfterMs },
    });
  }
}

/** While calls are under way that try whether it works again. */
const trialMs = 1_000;
