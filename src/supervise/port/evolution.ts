import type { AgentMetrics, Hypothesis } from "./messages.ts";
import { clip } from "./report.ts";

/** What an agent is told of a change that it wanted (docs/protocol.md, `evolution_result`). */
export interface EvolutionResult {
  readonly success: boolean;
  readonly decision: "promoted" | "rejected";
  readonly metrics: Readonly<Record<string, number>>;
  readonly reason: string;
}

/** Hears what an agent says while a change of it is on trial. */
export interface TrialWitness {
  measured(metrics: AgentMetrics): void;
  failed(code: string, message: string): void;
}

interface Options {
  /** Puts a change on trial. @returns why not, if it is refused at once */
  readonly begin: (hypothesis: Hypothesis) => string | undefined;
  readonly report: (event: string, data: Readonly<Record<string, unknown>>) => void;
  readonly tell: (result: EvolutionResult) => void;
}

/** One agent's wishes to be changed. */
export class AgentEvolution {
  readonly #options: Options;
  /** While a change is on trial. */
  witness: TrialWitness | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  intend(hypothesis: Hypothesis): void {
    const { reason, target, new_code, expected_improvement } = hypothesis;
    const about = { ...clip({ target }), code_bytes: Buffer.byteLength(new_code) };
    this.#options.report("evolution_intent", { ...clip({ reason }), ...about, expected_improvement });
    const refusal = this.#options.begin(hypothesis);
    if (refusal === undefined) return;
    this.#options.report("evolution_rejected", { ...about, reason: refusal, rolled_back: false });
    this.tell({ success: false, decision: "rejected", metrics: {}, reason: refusal });
  }

  tell(result: EvolutionResult): void {
    this.#options.tell(result);
  }
}
