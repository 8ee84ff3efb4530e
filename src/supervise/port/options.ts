import type { Clock, Poller } from "../../system/index.ts";
import type { Identity } from "./kernel-messages.ts";
import type { Hypothesis } from "./messages.ts";
import type { RecoveryTimes } from "./recovery.ts";
import type { AgentStore } from "./store.ts";

/** What a port agent is given, and who hears of it. */
export interface PortAgentOptions {
  readonly clock: Clock;
  readonly poller: Poller;
  readonly identity: Identity;
  /** FIFOs of its standard input and output. */
  readonly input: string;
  readonly output: string;
  readonly store: AgentStore;
  /** Carries out an operation of durable steps (`src/api/steps.ts`). */
  readonly steps: (operation: string, input: unknown) => Promise<unknown>;
  /** See `AgentEvolution`. */
  readonly evolve: (hypothesis: Hypothesis) => string | undefined;
  readonly recovery: RecoveryTimes;
  /** The process has its state already: a former kernel saw it ready. */
  readonly resume: boolean;
  readonly emit: (event: string, data: Readonly<Record<string, unknown>>) => void;
  readonly note: (text: string) => void;
  /** A sign of life of an agent that is ready. */
  readonly onBeat: () => void;
  /** It can't go on: it must be ended and started again. */
  readonly onDead: (reason: string) => void;
}
