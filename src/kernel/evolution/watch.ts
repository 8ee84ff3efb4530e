import type { AgentMetrics, Instance, PortAgent } from "../../supervise/index.ts";
import type { Kernel } from "../kernel.ts";

/** An agent is watched for so long at least: one that hangs is known to by then … */
const leastMs = 6_000;
/** … and at most for so long, if it reports no measures meanwhile: every 10 s is what agents are told to. */
const mostMs = 15_000;

/** What was seen of an agent after a change. */
export interface Seen {
  /** Why the change is not to stay; undefined when nothing speaks against it. */
  readonly failure: string | undefined;
  /** The latest measures that it reported since; empty when it reported none. */
  readonly after: AgentMetrics;
}

/**
 * Watches an agent that runs with a change: it must stay ready, in the same process, and report no error.
 * @throws the signal's reason when that ends it
 */
export async function watchAgent(
  kernel: Kernel,
  { instance, agent }: { readonly instance: Instance; readonly agent: PortAgent },
  signal: AbortSignal,
): Promise<Seen> {
  const { pid, plan } = instance;
  const { promise: over, resolve: end } = Promise.withResolvers<string | undefined>();
  const watching = new AbortController();
  let after: AgentMetrics | undefined;
  let isLongEnough = false;
  agent.evolution.witness = {
    measured: (metrics) => {
      after = metrics;
      if (isLongEnough) end(undefined);
    },
    failed: (code, message) => end(`the agent reported ${code}: ${message}`),
  };
  const least = setTimeout(() => {
    isLongEnough = true;
    if (after !== undefined) end(undefined);
  }, leastMs);
  const most = setTimeout(() => end(undefined), mostMs);
  const isWell = () => kernel.supervisor.has(instance) && instance.pid === pid && instance.isReady;
  const until = AbortSignal.any([signal, watching.signal]);
  kernel
    .until(plan.ref, () => !isWell(), until)
    .then(
      () => end(`the agent did not stay well: ${instance.reason ?? instance.lastExit?.reason ?? instance.state}`),
      () => end(undefined),
    );
  try {
    const failure = await over;
    signal.throwIfAborted();
    return { failure, after: after ?? {} };
  } finally {
    clearTimeout(least);
    clearTimeout(most);
    watching.abort();
    agent.evolution.witness = undefined;
  }
}
