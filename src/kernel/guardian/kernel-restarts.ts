import { kernelExit } from "./protocol.ts";

/** How a kernel ended. */
export interface KernelEnd {
  /** Null when a signal ended it, or when it could not be started at all. */
  readonly code: number | null;
  readonly signal?: string | null;
  readonly ranMs: number;
  /** Whether it said that it serves. */
  readonly wasReady: boolean;
}

export interface KernelHistory {
  /** Crashes in a row, each within `stableMs` of its start. */
  readonly crashes: number;
  /** Whether any kernel of this guardian served. */
  readonly everReady: boolean;
}

export type KernelDecision =
  | { readonly action: "restart"; readonly delayMs: number; readonly history: KernelHistory }
  /** The guardian is no longer needed. */
  | { readonly action: "end" }
  | { readonly action: "give_up"; readonly reason: string };

export const newHistory: KernelHistory = { crashes: 0, everReady: false };

/** A kernel that ran for so long has left its crashes behind. */
const stableMs = 60_000;
/** Someone waits for the first start: a kernel that crashes on every attempt is reported rather than tried for ever. */
const startAttempts = 3;
/**
 * The first restart is immediate, then the pauses double. Their sum bounds the intensity: ten restarts take 51 s. There is
 * no last one, because without a guardian the services' exits and output would be lost for good.
 */
const firstDelayMs = 100;
const longestDelayMs = 30_000;

/** What a guardian does after its kernel ended. */
export function decideKernelRestart(before: KernelHistory, end: KernelEnd): KernelDecision {
  if (end.code === kernelExit.ordered) return { action: "end" };
  if (end.code === kernelExit.locked) return { action: "give_up", reason: "another kernel holds the data folder" };
  if (end.code === kernelExit.fatal) return { action: "give_up", reason: "the kernel can't start as things are" };
  const everReady = before.everReady || end.wasReady || end.ranMs >= stableMs;
  const crashes = (end.ranMs >= stableMs ? 0 : before.crashes) + 1;
  if (!everReady && crashes >= startAttempts) {
    return { action: "give_up", reason: `the kernel crashed ${crashes} times before it served` };
  }
  const delayMs = crashes === 1 ? 0 : Math.min(firstDelayMs * 2 ** (crashes - 2), longestDelayMs);
  return { action: "restart", delayMs, history: { crashes, everReady } };
}
