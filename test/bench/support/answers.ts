/** Anything slower than this is no restart but a failure. */
const deadlineMs = 15_000;
const pauseMs = 1;

/**
 * Asks a server on this machine until it answers 200 with a text that is accepted, and gives the text.
 * @param host the Host header, for a server behind the ingress
 */
export async function untilAnswers(
  port: number,
  host = `127.0.0.1:${port}`,
  accept: (text: string) => boolean = () => true,
): Promise<string> {
  const deadline = performance.now() + deadlineMs;
  while (performance.now() < deadline) {
    const text = await ask(port, host).catch(() => undefined);
    if (text !== undefined && accept(text)) return text;
    await Bun.sleep(pauseMs);
  }
  throw new Error(`${host} on port ${port} gives no such answer within ${deadlineMs} ms`);
}

/** Every attempt has a connection of its own: one to a process that has died would be reset. */
async function ask(port: number, host: string): Promise<string | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    headers: { host, connection: "close" },
    keepalive: false,
    signal: AbortSignal.timeout(deadlineMs),
  });
  const text = await response.text();
  return response.status === 200 ? text : undefined;
}
