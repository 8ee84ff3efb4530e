import { checkStepId } from "../../api/steps.ts";
import type { Run, RunningSteps, UnfinishedRun } from "../sdk/steps.ts";
import { decodeResult, encodeResult, type StepRequests } from "./request.ts";
import { RunSteps } from "./run-steps.ts";

/** Of the service's own run. */
const ownRun = "";

/** The steps of a service and its runs, as one process of it sees them. */
export class ServiceSteps extends RunSteps implements RunningSteps {
  readonly #requests: StepRequests;
  readonly #runs = new Map<string, Promise<unknown>>();
  /** Runs that failed, until a kernel has heard of it. */
  readonly #givingUp = new Map<string, Promise<unknown>>();

  constructor(requests: StepRequests) {
    super(requests, ownRun);
    this.#requests = requests;
  }

  run<Result>(id: string, work: (run: Run) => Result | Promise<Result>): Promise<Result>;
  run(id: string, work: (run: Run) => unknown): Promise<unknown> {
    const known = this.#runs.get(id);
    if (known !== undefined) return known;
    const begun = this.#run(id, work).finally(() => this.#runs.delete(id));
    this.#runs.set(id, begun);
    return begun;
  }

  async unfinishedRuns(): Promise<UnfinishedRun[]> {
    const all: UnfinishedRun[] = [];
    for (let after = ""; ; ) {
      const { runs } = await this.#requests.ask("run.list", { after });
      const last = runs.at(-1);
      if (last === undefined) return all;
      all.push(...runs.map(({ run, begun }) => ({ id: run, begun })));
      after = last.run;
    }
  }

  async #run(id: string, work: (run: Run) => unknown): Promise<unknown> {
    const run = checkStepId("the id of a run", id);
    // A kernel that hears of the failure only now would take the run from whom it has just given it to.
    await this.#givingUp.get(run);
    const answer = await this.#requests.until("run.begin", { run }, ({ state }) => state === "busy");
    if (answer.state === "done") return decodeResult(answer.result);
    let result: Uint8Array;
    try {
      result = encodeResult(
        id,
        await work(new RunSteps(this.#requests, id, answer.state === "claimed" && answer.is_fresh === true)),
      );
    } catch (error) {
      this.#giveUp(run);
      throw error;
    }
    const kept = await this.#requests.ask("run.finish", { run, result }, result.length + 256);
    return decodeResult(kept.result);
  }

  /** Its caller is not kept waiting: the kernel finds out by the end of this process at the latest. */
  #giveUp(run: string): void {
    const told = this.#requests
      .patiently(() => this.#requests.ask("run.abandon", { run }))
      .catch(() => undefined)
      .finally(() => this.#givingUp.delete(run));
    this.#givingUp.set(run, told);
  }
}
