export interface WaitOptions {
  /** What is waited for, as it reads after "waited for". */
  readonly what: string;
  /** Default 10 s. */
  readonly deadlineMs?: number;
}

/** How often a condition is looked at, in milliseconds. */
const pauseMs = 10;

/** Waits until a condition gives something truthy, and returns it. A condition that throws is not met yet. */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { what, deadlineMs = 10_000 }: WaitOptions,
): Promise<Exclude<T, false | null | undefined | 0 | "">> {
  const deadline = performance.now() + deadlineMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const result = await condition();
      if (isMet(result)) return result;
      last = result;
    } catch (thrown) {
      last = thrown;
    }
    await Bun.sleep(pauseMs);
  }
  const seen = last instanceof Error ? last.message : Bun.inspect(last);
  throw new Error(`waited for ${what} for ${deadlineMs} ms; last: ${seen}`);
}

function isMet<T>(result: T): result is Exclude<T, false | null | undefined | 0 | ""> {
  return Boolean(result);
}
