import { attemptTcp } from "./attempt.ts";

/** Pauses before each look at a port: most programs listen within a tenth of a second, a few load for half a minute. */
const pausesMs = [20, 30, 40, 60, 100, 150, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000];
const timeoutMs = 1_000;

/**
 * Looks for about a minute whether a program listens on the port that it was given, when nothing says that it will: many
 * read `PORT` from their environment without naming it anywhere.
 *
 * @param isWanted whether it still matters; asked before each look and after it
 * @returns true once something accepts a connection there, false when nothing did or it did not matter any more
 */
export async function findsListener(port: number, isWanted: () => boolean): Promise<boolean> {
  for (const pauseMs of pausesMs) {
    await new Promise<void>((resolve) => void setTimeout(resolve, pauseMs).unref());
    if (!isWanted()) return false;
    if ((await attemptTcp("127.0.0.1", port, timeoutMs)).ok) return isWanted();
  }
  return false;
}
