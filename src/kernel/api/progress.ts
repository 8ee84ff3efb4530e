import type { DeployProgress } from "../../api/index.ts";

export type ReportProgress = (progress: DeployProgress) => void;

/**
 * The stream of an operation that tells its progress. The operation runs to its end whether anyone listens or not: a
 * client that goes away does not leave a service half replaced.
 */
export async function* progressStream(
  run: (report: ReportProgress) => Promise<DeployProgress>,
  signal?: AbortSignal,
): AsyncGenerator<DeployProgress> {
  const pending: DeployProgress[] = [];
  let wake: () => void = () => undefined;
  let outcome: { readonly last: DeployProgress } | { readonly error: unknown } | undefined;
  const settle = (settled: typeof outcome) => {
    outcome = settled;
    wake();
  };
  const report: ReportProgress = (progress) => {
    pending.push(progress);
    wake();
  };
  run(report).then(
    (last) => settle({ last }),
    (error: unknown) => settle({ error }),
  );
  const abort = () => wake();
  signal?.addEventListener("abort", abort);
  try {
    while (signal?.aborted !== true) {
      const next = pending.shift();
      if (next !== undefined) yield next;
      else if (outcome === undefined) await new Promise<void>((resolve) => (wake = resolve));
      else if ("error" in outcome) throw outcome.error;
      else return yield outcome.last;
    }
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}
