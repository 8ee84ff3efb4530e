import { type DeployProgress, type DeployResult, SoloError } from "../../api/index.ts";
import type { Output } from "../output.ts";
import { isInteractive } from "../style.ts";
import type { Interruption } from "./interruption.ts";

export interface ProgressResult {
  readonly services: readonly DeployResult[];
  readonly took_ms: number;
}

/**
 * Shows what a deployment tells on its way, drawn on a terminal and as plain lines elsewhere, and returns its result. When
 * the command is interrupted the kernel goes on, which is said.
 */
export async function followProgress(
  progress: AsyncIterable<DeployProgress>,
  output: Output,
  interruption: Interruption,
): Promise<ProgressResult> {
  const show = output.quiet || output.json ? silent : isInteractive(process.stderr) ? await drawn() : plain(output);
  let outcome: PhaseOutcome = "failed";
  try {
    for await (const element of progress) {
      if (element.type === "result") {
        outcome = "done";
        return { services: element.services, took_ms: element.took_ms };
      }
      await show.phase(element);
    }
  } finally {
    await show.end(interruption.signal.aborted ? "left" : outcome);
  }
  if (interruption.signal.aborted) await output.note("the kernel goes on with it; `solo status` shows how far it is");
  interruption.check();
  throw new SoloError("outcome_unknown", "the kernel ended its answer without a result", {
    hint: "`solo status` shows what became of it",
    applied: "unknown",
  });
}

export type Phase = Extract<DeployProgress, { type: "phase" }>;

/** `left`: nobody watches any more, but it goes on. */
export type PhaseOutcome = "done" | "failed" | "left";

export interface PhaseDisplay {
  phase(element: Phase): void | Promise<void>;
  end(outcome: PhaseOutcome): void | Promise<void>;
}

const silent: PhaseDisplay = { phase() {}, end() {} };

function plain(output: Output): PhaseDisplay {
  let last = "";
  return {
    async phase({ service, phase, message }) {
      const line = `${service}: ${phase}: ${message}`;
      if (line !== last) await output.note(line);
      last = line;
    },
    end() {},
  };
}

async function drawn(): Promise<PhaseDisplay> {
  const { drawPhases } = await import("../views/phases.tsx");
  return drawPhases();
}
