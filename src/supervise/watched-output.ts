import { refusesNothing } from "../api/index.ts";
import type { EarlyHost } from "./early-host.ts";
import { captureOutput, type OutputCaptures } from "./launch.ts";
import { RefusalWatch } from "./refusal-watch.ts";
import type { LaunchPlan, SuperviseRuntime } from "./runtime.ts";

/** What a process writes: kept, and looked through for what its sandbox refused. */
export interface WatchedOutput extends OutputCaptures {
  /** Undefined where nothing is refused. */
  readonly refusals: RefusalWatch | undefined;
}

interface Subject {
  readonly runtime: SuperviseRuntime;
  readonly plan: LaunchPlan;
  /** The instance's. */
  readonly id: string;
}

/** @param early the process, if it was started early: its output is kept already */
export function watchOutput({ runtime, plan, id }: Subject, port: number, early?: EarlyHost): WatchedOutput {
  const refusals = refusesNothing(plan.spec.sandbox.mode) ? undefined : new RefusalWatch(runtime, plan, { id, port });
  const onDenied = refusals && (() => refusals.noticed());
  const captures = early?.outputTo(onDenied) ?? captureOutput(runtime, plan, id, onDenied);
  return { ...captures, refusals };
}

export function closeOutput({ stdout, stderr }: OutputCaptures): void {
  stdout?.close();
  stderr.close();
}
