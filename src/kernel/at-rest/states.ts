import { join } from "node:path";
import {
  type Budget,
  budgetRequestSchema,
  effectsRequestSchema,
  type ReadApi,
  type ServiceRef,
  type ServiceSpec,
  type SoloApi,
  stateGetRequestSchema,
  stateScanRequestSchema,
  stateWatchRequestSchema,
} from "../../api/index.ts";
import { openStateAtRest, type ServiceState, ServiceSteps } from "../../state/index.ts";
import { systemClock } from "../../system/index.ts";
import { accept } from "../api/accept.ts";
import { shownEntries, shownHistory, shownValue } from "../operations/state.ts";
import { shownBudget, shownEffects } from "../operations/steps.ts";
import { processOf } from "../service-steps.ts";

export interface StatesAtRestParts {
  /** A folder for each tenant, in it one for each service. */
  readonly folder: string;
  /** @throws SoloError `not_found` */
  readonly find: (asked: ServiceRef) => { readonly ref: ServiceRef; readonly spec: ServiceSpec | undefined };
  /** Whether an instance's process, as it was recorded, still runs. */
  readonly isRunning: (ref: ServiceRef, instance: string, pid: number) => boolean;
}

/** Answers what can be read of services' states while no kernel runs, from copies of their files. */
export class StatesAtRest implements Pick<ReadApi, "stateGet" | "stateScan" | "stateWatch" | "effects" | "budget"> {
  readonly #parts: StatesAtRestParts;

  constructor(parts: StatesAtRestParts) {
    this.#parts = parts;
  }

  stateGet: SoloApi["stateGet"] = async (input) => {
    const request = accept(stateGetRequestSchema, input);
    return this.#with(request, async (state) => shownValue(state, request, request.key));
  };

  stateScan: SoloApi["stateScan"] = (input) => this.#stream(accept(stateScanRequestSchema, input), shownEntries);

  /** What the log still has. */
  stateWatch: SoloApi["stateWatch"] = (input) => this.#stream(accept(stateWatchRequestSchema, input), shownHistory);

  effects: SoloApi["effects"] = async (input) => {
    const request = accept(effectsRequestSchema, input);
    return this.#withSteps(request, (steps) => shownEffects(steps, request));
  };

  budget: SoloApi["budget"] = async (input) => {
    const request = accept(budgetRequestSchema, input);
    return this.#withSteps(request, async (steps, budget) => shownBudget(steps, request, budget));
  };

  #withSteps<Document>(
    asked: ServiceRef,
    show: (steps: ServiceSteps, budget: Budget) => Promise<Document>,
  ): Promise<Document> {
    return this.#with(asked, async (state) => {
      const { ref, spec } = this.#parts.find(asked);
      const { budget = {} } = spec ?? {};
      const isAlive = (owner: string) => {
        const { instance, pid } = processOf(owner);
        return this.#parts.isRunning(ref, instance, pid);
      };
      const steps = new ServiceSteps({ ref, state, clock: systemClock, budget: () => budget, isAlive });
      try {
        return await show(steps, budget);
      } finally {
        steps.close();
      }
    });
  }

  async #with<Document>(asked: ServiceRef, show: (state: ServiceState) => Promise<Document>): Promise<Document> {
    const { state, close } = await openStateAtRest(this.#folderOf(asked), systemClock);
    return show(state).finally(close);
  }

  async *#stream<Request extends ServiceRef, Line>(
    request: Request,
    show: (state: ServiceState, request: Request) => AsyncIterable<Line>,
  ): AsyncGenerator<Line> {
    const { state, close } = await openStateAtRest(this.#folderOf(request), systemClock);
    try {
      yield* show(state, request);
    } finally {
      await close();
    }
  }

  #folderOf(asked: ServiceRef): string {
    const { tenant, name } = this.#parts.find(asked).ref;
    return join(this.#parts.folder, tenant, name);
  }
}
