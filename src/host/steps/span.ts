import type { StepTrace } from "../../api/steps.ts";
import { callUnderWay, duringStep } from "../calls/under-way.ts";

/** The work of a step or an effect, as a span of the request or call in the course of which it is done. */
export class StepSpan {
  readonly #id = Buffer.from(crypto.getRandomValues(new Uint8Array(8))).toString("hex");
  readonly #parent = callUnderWay();
  readonly #begun = performance.now();

  /** Calls that the work makes belong to it. */
  during<Result>(work: () => Result): Result {
    return duringStep(this.#id, work);
  }

  ended(error?: string): StepTrace {
    return {
      span: this.#id,
      elapsed_ms: performance.now() - this.#begun,
      ...(this.#parent !== undefined && { parent: this.#parent }),
      ...(error !== undefined && { error }),
    };
  }
}
