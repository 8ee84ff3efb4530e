import { SoloError } from "../../api/error.ts";
import type { FullCost, StepName, StepTrace } from "../../api/steps.ts";
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

/** The work of a step or an effect that has ended, well or not. */
export interface EndedStep extends StepName {
  readonly kind: "step" | "effect";
  /** When the kernel heard of it, before it was kept: milliseconds since 1970. */
  readonly time: number;
  readonly trace: StepTrace;
}

export interface ServiceStepsOptions extends Omit<StepParts, "claims" | "tally"> {
  readonly onEnded?: (caller: Caller, ended: EndedStep) => void;
}

/** Durable steps, effects, timers, signals and budget of one service, in its state. */
export class ServiceSteps {
  readonly #parts: StepParts;
  readonly #steps: Steps;
  readonly #runs: Runs;
  readonly #effects: Effects;
  readonly #waits: Waits;
  readonly #onEnded: ServiceStepsOptions["onEnded"];

  constructor(options: ServiceStepsOptions) {
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
    this.#onEnded = options.onEnded;
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
    const time = this.#parts.clock.now();
    if (!isStepOperation(operation)) throw new SoloError("invalid_request", `there is no operation ${operation}`);
    switch (operation) {
      case "step.begin":
        return this.#steps.begin(caller, accept(schemas["step.begin"], operation, input));
      case "step.finish": {
        const { trace, ...finished } = accept(schemas["step.finish"], operation, input);
        const kept = await this.#steps.finish(caller, finished);
        this.#ended(caller, { kind: "step", time, ...finished }, trace);
        return kept;
      }
      case "step.abandon": {
        const { trace, ...abandoned } = accept(schemas["step.abandon"], operation, input);
        await this.#steps.abandon(caller, abandoned);
        this.#ended(caller, { kind: "step", time, ...abandoned }, trace);
        return null;
      }
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
      case "effect.finish": {
        const { trace, ...finished } = accept(schemas["effect.finish"], operation, input);
        await this.#effects.finish(caller, finished);
        this.#ended(caller, { kind: "effect", time, ...finished }, trace);
        return null;
      }
      case "timer.set":
        return this.#waits.setTimer(caller, accept(schemas["timer.set"], operation, input));
      case "signal.wait":
        return this.#waits.wait(caller, accept(schemas["signal.wait"], operation, input));
    }
  }

  #ended(caller: Caller, { kind, run, id, time }: Omit<EndedStep, "trace">, trace: StepTrace | undefined): void {
    if (trace !== undefined) this.#onEnded?.(caller, { kind, run, id, time, trace });
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
