import type { Input } from "./service.ts";

/** A length of time: milliseconds, or text such as `"500ms"`, `"30s"`, `"5m"`, `"12h"`, `"7d"`. */
export type Duration = number | string;

/** How a step that throws is tried again; without it, it is not. */
export interface Retry {
  /** Attempts in all, from 1 on. */
  attempts: number;
  /** Pause after the first one; it doubles with each further one, up to a minute. Default: 100 ms. */
  delay?: Duration;
}

/** What an effect may use of the service's budget, or used. One call, and nothing else, unless it says more. */
export interface EffectCost {
  calls?: number;
  tokens?: number;
  /** In whatever unit the budget counts money, to a millionth. */
  currency?: number;
  /** Time, in milliseconds or as text. What it really took is measured. */
  wall?: Duration;
}

export interface EffectOptions {
  /** Reserved before it is dispatched; refused with `budget_exhausted`. */
  cost?: EffectCost;
  /**
   * True where doing it again does no harm, because it only asks, or because the other side knows the idempotency key: one
   * whose outcome is unknown is then dispatched again, under the same key. Default: false.
   */
  repeatable?: boolean;
}

/** An effect that is being dispatched. */
export interface Dispatch {
  /** How often it was dispatched, this one included. */
  readonly attempt: number;
  /** Says what it really used, where that differs from its `cost`. */
  spent(cost: EffectCost): void;
  /**
   * Ends the effect as one that is known not to have happened: it throws, the budget gets back what was set aside, and the
   * next attempt may dispatch it again. Anything else that is thrown leaves the outcome unknown.
   */
  notDone(reason: string): never;
}

/** A run that has begun and not ended. */
export interface UnfinishedRun {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly begun: number;
}

/**
 * Work that is done once, whatever dies on the way. Everything has an id, unique within its run; a process that comes to an
 * id again gets what was recorded under it. Ids have 1 to 200 characters, results at most 1,000,000 bytes of MessagePack.
 *
 * Calls reject with an error that has a `code`: `outcome_unknown` (an effect may have happened; `solo effects resolve`
 * decides), `budget_exhausted`, `failed` (resolved as failed), `timeout`, `limit_exceeded`, `unreachable`, `conflict`.
 */
export interface Steps {
  /**
   * Runs a function and records what it returns; called again, also by another process after a crash, it returns the
   * record. One at a time does a step, whichever instance it is in. A function that throws is not recorded. One that was
   * running when its process died runs again, so what must not happen twice belongs into an `effect`.
   *
   * @example
   * const plan = await ctx.step("plan", () => planFor(order), { retry: { attempts: 3, delay: "1s" } });
   */
  step<Result>(id: string, run: () => Result | Promise<Result>, options?: { retry?: Retry }): Promise<Result>;
  /**
   * Does something outside of the service, at most once. That it is about to be dispatched is on disk before `run` is
   * called; when nobody can say afterwards whether it happened (a crash, a timeout, any error), it is never repeated by
   * itself: this and later calls reject with `outcome_unknown`.
   *
   * @param run gets an idempotency key to hand over: the same one for every attempt at this effect, and for no other
   * @example
   * const receipt = await run.effect("charge", (key) => pay(amount, { headers: { "idempotency-key": key } }));
   */
  effect<Result>(
    id: string,
    run: (key: string, dispatch: Dispatch) => Result | Promise<Result>,
    options?: EffectOptions,
  ): Promise<Result>;
  /**
   * Waits until a moment, or for a time from the first call on. Rejects when the instance stops; called again under the
   * same id, it waits for what is left.
   */
  sleep(id: string, until: Duration | Date): Promise<void>;
  /**
   * Takes the oldest signal of a name (`solo signal SERVICE NAME JSON`), which may have come before; waits for it
   * otherwise. Each signal is taken by one wait, and the wait with this id (the name, unless `id` says another) has it for
   * good. Rejects with `timeout` once `timeout`, counted from the first call, is over, and when the instance stops.
   *
   * @example
   * const { by } = await run.waitFor("approved", { timeout: "2d" });
   */
  waitFor<Value = Input>(name: string, options?: { id?: string; timeout?: Duration }): Promise<Value>;
}

/** Steps of one named stretch of work. */
export interface Run extends Steps {
  readonly id: string;
}

/** Steps of the service's own run, which never ends, and runs beside it. */
export interface RunningSteps extends Steps {
  /**
   * Does a stretch of work under a name, such as that of an order. Its steps, effects and waits are its own; when it ends,
   * its result is recorded and they are forgotten. For a day, running it again returns the result. One that was
   * interrupted goes on where it was: call it again with the same id, for `unfinishedRuns` say, when the service starts.
   *
   * @example
   * await ctx.run(`order-${id}`, async (run) => {
   *   const receipt = await run.effect("charge", (key) => charge(id, key));
   *   await run.sleep("cooling-off", "14d");
   *   await run.step("ship", () => ship(id, receipt));
   * });
   */
  run<Result>(id: string, work: (run: Run) => Result | Promise<Result>): Promise<Result>;
  /** Runs that have begun and not ended, by id. */
  unfinishedRuns(): Promise<UnfinishedRun[]>;
}
