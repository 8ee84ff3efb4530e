/** Stops accepting, lets requests in flight end for a moment, ends the streams, then cuts off what is left. */
export async function closeServer(server: Bun.Server<undefined>, closing: AbortController): Promise<void> {
  // Idle keep-alive connections would hold `stop(false)` up; only requests in flight are worth waiting for.
  const answered = async (withinMs: number) => {
    const deadline = performance.now() + withinMs;
    while (server.pendingRequests > 0 && performance.now() < deadline) await Bun.sleep(pollMs);
  };
  await answered(lastWordsMs);
  closing.abort();
  await answered(closeGraceMs);
  await server.stop(true);
}

/** Operations that were called off tell why, before the streams that never end by themselves are ended. */
const lastWordsMs = 50;
/** Documents in flight are answered within milliseconds; streams end by themselves when the server closes. */
const closeGraceMs = 500;
const pollMs = 2;
