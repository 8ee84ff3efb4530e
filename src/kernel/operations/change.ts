import type { DeployProgress } from "../../api/index.ts";
import type { ReportProgress } from "../api/progress.ts";
import type { Kernel } from "../kernel.ts";
import type { ReportStep } from "../rollout/rollout.ts";
import type { Service } from "../service.ts";
import { deployResult } from "../views.ts";
import { withTimeout } from "./with-timeout.ts";

interface ChangeOptions {
  readonly wait: boolean;
  readonly timeout_ms: number;
}

/** Queues a change of one service and answers as `deploy` does. */
export async function changeResult(
  kernel: Kernel,
  service: Service,
  { wait, timeout_ms }: ChangeOptions,
  change: (signal: AbortSignal) => Promise<boolean>,
): Promise<DeployProgress> {
  const begin = kernel.clock.monotonic();
  const changing = service.operations.run(change);
  const noteLate = (error: unknown) => kernel.noteFailure(service.ref, error);
  if (!wait) changing.catch(noteLate);
  const limit = { timeoutMs: timeout_ms, name: service.ref.name, noteLate };
  const changed = wait ? await withTimeout(changing, limit) : true;
  const took_ms = Math.round(kernel.clock.monotonic() - begin);
  const time = new Date(kernel.clock.now()).toISOString();
  return {
    type: "result",
    time,
    services: [deployResult(kernel, service, service.revision, changed, took_ms)],
    took_ms,
  };
}

export function stepReporter(kernel: Kernel, service: Service, report: ReportProgress): ReportStep {
  return (phase, message, ready, replicas) => {
    const time = new Date(kernel.clock.now()).toISOString();
    report({ type: "phase", time, service: service.ref.name, phase, message, ready, replicas });
  };
}
