import { fifoPaths, inputPath } from "../launch.ts";
import type { LaunchPlan, SuperviseRuntime } from "../runtime.ts";
import { PortAgent } from "./agent.ts";
import type { RecoveryTimes } from "./recovery.ts";

export interface AgentContext {
  readonly runtime: SuperviseRuntime;
  readonly plan: LaunchPlan;
  /** The instance's. */
  readonly id: string;
  readonly pid: number;
  readonly recovery: RecoveryTimes;
  readonly resume: boolean;
  readonly onBeat: (isFirst: boolean) => void;
  readonly onDead: (reason: string) => void;
}

/** Begins to talk with the agent in a process that has its FIFOs open. @throws when they can't be opened */
export function openAgent({ runtime, plan, id, pid, recovery, resume, onBeat, onDead }: AgentContext): PortAgent {
  const { ref, revision } = plan;
  const [output] = fifoPaths(runtime, id);
  let beats = 0;
  return new PortAgent({
    clock: runtime.clock,
    poller: runtime.poller,
    identity: { service: ref.name, tenant: ref.tenant, instance: id, revision },
    input: inputPath(runtime, id),
    output,
    store: runtime.agents.storeOf(ref, id),
    steps: (operation, input) => runtime.agents.step(ref, { instance: id, pid }, operation, input),
    evolve: (hypothesis) => runtime.agents.evolve(ref, id, hypothesis),
    recovery,
    resume,
    emit: (event, data) => runtime.emit({ event, ref, instance: id, data }),
    note: (text) => {
      try {
        runtime.logs.note(ref, id, text);
      } catch {
        // A disk that takes no log line must not end the agent that caused it.
      }
    },
    onBeat: () => {
      beats += 1;
      onBeat(beats === 1);
    },
    onDead,
  });
}
