import { type Clock, killTree, processTree, signalTree, type TreeQuery } from "../system/index.ts";

/** After SIGKILL a process is gone at once, unless the system holds it in an uninterruptible wait. */
const killDeadlineMs = 5_000;
const firstPauseMs = 1;
const longestPauseMs = 50;
const SIGTERM = 15;
const SIGCONT = 18;

export interface EndTreeOptions {
  /** From SIGTERM to SIGKILL, in milliseconds. */
  readonly graceMs: number;
  readonly clock: Clock;
  /** Ends the grace early. */
  readonly hurry: AbortSignal;
}

/**
 * Ends every process of an instance: SIGTERM to all, up to `graceMs` for them to go, then SIGKILL until none is left.
 * @returns the pids that are there in spite of it
 */
export async function endTree(query: TreeQuery, options: EndTreeOptions): Promise<number[]> {
  if (options.graceMs > 0 && signalTree(query, SIGTERM).length > 0) {
    // One that is stopped acts on no signal but this and SIGKILL.
    signalTree(query, SIGCONT);
    await untilEmpty(query, options);
  }
  const left = await killTree(query, { deadlineMs: killDeadlineMs, clock: options.clock });
  return left.map(({ pid }) => pid);
}

async function untilEmpty(query: TreeQuery, { graceMs, clock, hurry }: EndTreeOptions): Promise<void> {
  const deadline = clock.monotonic() + graceMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const remainingMs = deadline - clock.monotonic();
    if (remainingMs <= 0 || hurry.aborted) return;
    await Bun.sleep(Math.min(pauseMs, remainingMs));
    if (processTree(query).length === 0) return;
  }
}
