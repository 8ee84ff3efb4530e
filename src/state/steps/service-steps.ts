import { SoloError } from "../../api/error.ts";
import type { FullCost } from "../../api/steps.ts";
import { atTime, costOf } from "./budget.ts";
import { Claims } from "./claims.ts";
import { usageOf } from "./effect-records.ts";
import { Effects, type ListedEffect, type Resolution } from "./effects.ts";
import { nameOfKey } from "./key.ts";
import type { Caller, StepParts } from "./parts.ts";
import { accept, isStepOperation, requestSchemas as schemas } from "./requests.ts";
import { Runs } from "./runs.ts";
import { Steps } from "./steps.ts";
import { Tally } from "./tally.ts";
import { type Delivery, Waits } from "./waits.ts";

export interface UsageReport {
  readonly used: FullCost;
  readonly reserved: FullCost;
  /** Milliseconds since 1970; null for a budget without a window. */
  readonly window_ends: number | null;
}

/** Durable steps, effects, timers, signals and budget of one service, in its state. */
export class ServiceSteps {
  readonly #parts: StepParts;
  readonly #steps: Steps;
  readonly #runs: Runs;
  readonly #effects: Effects;
  readonly #waits: Waits;

  constructor(options: Omit<StepParts, "claims" | "tally">) {
    const { state } = options;
    const isAlive = (owner: string) => options.isAlive(owner);
    const parts: StepParts = {
      ref: options.ref,
      state,
      clock: options.clock,
      budget: () => options.budget(),
      isAlive,
      claims: new Claims(isAlive),
      tally: new Tally(state),
    };
    this.#parts = parts;
    this.#steps = new Steps(parts);
    this.#runs = new Runs(parts);
    this.#effects = new Effects(parts);
    this.#waits = new Waits(parts);
  }

  /**
   * Answers one request of a host. Each may be sent again: it is applied once.
   * @throws SoloError also `invalid_request` for an input of another form
   */
  async handle(operation: string, input: unknown, caller: Caller): Promise<unknown> {
    if (!isStepOperation(operation)) throw new SoloError("invalid_request", `there is no operation ${operation}`);
    switch (operation) {
      case "step.begin":
        return this.#steps.begin(caller, accept(schemas["step.begin"], operation, input));
      case "step.finish":
        return this.#steps.finish(caller, accept(schemas["step.finish"], operation, input));
      case "step.abandon":
        this.#steps.abandon(caller, accept(schemas["step.abandon"], operation, input));
        return null;
      case "run.begin":
        return this.#runs.begin(caller, accept(schemas["run.begin"], operation, input).run);
      case "run.finish": {
        const { run, result } = accept(schemas["run.finish"], operation, input);
        return this.#runs.finish(caller, run, result);
      }
      case "run.abandon":
        await this.#runs.abandon(caller, accept(schemas["run.abandon"], operation, input).run);
        return null;
      case "run.list":
        return this.#runs.list(accept(schemas["run.list"], operation, input).after);
      case "effect.begin":
        return this.#effects.begin(caller, accept(schemas["effect.begin"], operation, input));
      case "effect.finish":
        await this.#effects.finish(caller, accept(schemas["effect.finish"], operation, input));
        return null;
      case "timer.set":
        return this.#waits.setTimer(caller, accept(schemas["timer.set"], operation, input));
      case "signal.wait":
        return this.#waits.wait(caller, accept(schemas["signal.wait"], operation, input));
    }
  }

  effects(): AsyncIterable<ListedEffect> {
    return this.#effects.list(nameOfKey);
  }

  resolve(name: { run: string; id: string }, resolution: Resolution): Promise<ListedEffect> {
    return this.#effects.resolve(name, resolution);
  }

  deliver(delivery: Delivery): Promise<{ delivered: boolean }> {
    return this.#waits.deliver(delivery);
  }

  usage(): UsageReport {
    const { state, clock } = this.#parts;
    const budget = this.#parts.budget();
    const usage = atTime(usageOf(state), budget, clock.now());
    const ends = budget.window_ms === undefined ? null : usage.window + budget.window_ms;
    return { used: costOf(usage.used), reserved: costOf(usage.reserved), window_ends: ends };
  }

  /** A process of the service ended: others may go on with what it was doing. */
  recheck(): void {
    this.#parts.claims.recheck();
  }

  /** The state was replaced as a whole. */
  replaced(): void {
    this.#parts.tally.forget();
    this.#parts.claims.recheck();
  }

  close(): void {
    this.#parts.claims.close();
  }
}
