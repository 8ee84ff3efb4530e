import { SoloError } from "../../api/index.ts";
import type { AskOptions } from "../requests.ts";
import type { PortAgent } from "./agent.ts";

interface Call {
  readonly method: string;
  readonly input: unknown;
  /** Who asks. */
  readonly user: string;
}

/** Has an agent carry out one of its methods; see {@link PortAgent.ask}. */
export function askAgent(agent: PortAgent, { method, input, user }: Call, options: AskOptions): Promise<unknown> {
  return agent.ask("process_request", { data: { message: method, context: input, user_id: user } }, options);
}

/** New code for an agent. */
export interface HotReload {
  readonly code: string;
  /** What of the agent it is. */
  readonly module: string;
  /** Of the service's checkpoint that was made before; null when it has none. */
  readonly backup_checkpoint_id: string | null;
}

/**
 * Has an agent take new code while it runs.
 * @throws SoloError as {@link PortAgent.ask}; `conflict` when it never said that it can
 */
export async function reloadAgent(agent: PortAgent, reload: HotReload, options: AskOptions): Promise<void> {
  await agent.ready(options);
  if (!agent.takesCode) {
    throw new SoloError("conflict", "the agent takes no code while it runs", {
      hint: "deploy the new program; or let the agent say `hot_reload: true` in its hello (docs/protocol.md)",
    });
  }
  await agent.ask("hot_reload", { ...reload }, options);
}
