import type { Run, RunningSteps } from "../sdk/steps.ts";
import type { StateChannel } from "../state/channel.ts";

/** The steps of `ctx`, of which nothing is loaded before the first use. */
export function lazySteps(channel: () => Promise<StateChannel>, signal: AbortSignal): RunningSteps {
  let loading: Promise<RunningSteps> | undefined;
  const load = () => {
    loading ??= Promise.all([channel(), import("./index.ts")]).then(
      ([opened, { ServiceSteps, StepRequests }]) => new ServiceSteps(new StepRequests(opened, signal)),
    );
    return loading;
  };
  return {
    step: async (id, run, options) => (await load()).step(id, run, options),
    effect: async (id, run, options) => (await load()).effect(id, run, options),
    sleep: async (id, until) => (await load()).sleep(id, until),
    waitFor: async <Value>(name: string, options?: Parameters<RunningSteps["waitFor"]>[1]) =>
      (await load()).waitFor<Value>(name, options),
    run: async <Result>(id: string, work: (run: Run) => Result | Promise<Result>) => (await load()).run(id, work),
    unfinishedRuns: async () => (await load()).unfinishedRuns(),
  };
}
