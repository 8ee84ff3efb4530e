/** Waits for a condition to give something other than false, null or undefined, and answers with it. */
export async function until<Value>(
  what: string,
  condition: () => Value | false | null | undefined | Promise<Value | false | null | undefined>,
  deadlineMs = 10_000,
): Promise<Value> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value !== false && value !== null && value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`${what}: not so within ${deadlineMs} ms`);
    await Bun.sleep(5);
  }
}
