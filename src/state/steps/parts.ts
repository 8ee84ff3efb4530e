import type { ServiceRef } from "../../api/index.ts";
import type { Budget } from "../../api/spec.ts";
import type { Clock } from "../../system/index.ts";
import type { ServiceState } from "../core/types.ts";
import type { Claims } from "./claims.ts";
import type { Tally } from "./tally.ts";

/** What the parts of one service's steps share. */
export interface StepParts {
  readonly ref: ServiceRef;
  readonly state: ServiceState;
  readonly clock: Clock;
  readonly claims: Claims;
  readonly tally: Tally;
  /** Of the revision that runs now; empty for one without. */
  budget(): Budget;
  /** Whether the process of an owner runs. */
  isAlive(owner: string): boolean;
}

/** The process that asks: which instance, and which of its processes. */
export interface Caller {
  readonly instance: string;
  /** Different for every process that ever ran as this instance. */
  readonly process: string;
}

export function ownerOf({ instance, process }: Caller): string {
  return `${instance}/${process}`;
}

/** Waits until everything up to now is on the disk: what was read may be told then. */
export async function durable({ state }: StepParts): Promise<void> {
  await state.commit(() => [], { origin: "steps", durability: "sync" });
}
