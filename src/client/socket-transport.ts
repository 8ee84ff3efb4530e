import { ownerKey } from "./owner-key.ts";
import { type Transport, TransportFault, type TransportRequest, type TransportResponse } from "./transport.ts";

/**
 * HTTP over a unix socket with Bun's own `fetch`: nothing to load, a request costs a fraction of a millisecond.
 * @param token whose rights are wanted, instead of the owner's
 */
export function socketTransport(path: string, token?: string): Transport {
  return { peer: path, send: (request) => send(path, token, request), close: async () => undefined };
}

async function send(
  socket: string,
  token: string | undefined,
  { method, path, body, headers, signal }: TransportRequest,
): Promise<TransportResponse> {
  const key = token === undefined ? await ownerKey(socket) : { authorization: `Bearer ${token}` };
  // Bun ends a request after five silent minutes unless told not to: a stop with a long grace is silent for longer.
  const options: BunFetchRequestInit & { timeout: boolean } = {
    unix: socket,
    timeout: false,
    method,
    headers: { ...headers, ...key },
    ...(body !== undefined && { body }),
    ...(signal && { signal }),
  };
  try {
    const response = await fetch(`http://solo${path}`, options);
    return {
      status: response.status,
      header: (name) => response.headers.get(name) ?? undefined,
      text: () => classified(() => response.text(), signal),
      chunks: () => chunksOf(response, signal),
    };
  } catch (thrown) {
    throw faultOf(thrown, signal);
  }
}

async function* chunksOf(response: Response, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  if (!response.body) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await classified(() => reader.read(), signal);
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function classified<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw faultOf(thrown, signal);
  }
}

function faultOf(thrown: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  const hint =
    code === "EACCES" || code === "EPERM"
      ? "the kernel is another user's; `--data-dir` names one of your own"
      : undefined;
  if (beforeSending.has(code)) return new TransportFault("unreachable", code, { cause: thrown, ...(hint && { hint }) });
  return new TransportFault("lost", code || message, { cause: thrown });
}

/** connect(2) failed, so nothing was sent. */
const beforeSending = new Set([
  "ENOENT",
  "ENOTDIR",
  "ECONNREFUSED",
  "EACCES",
  "EPERM",
  "ENAMETOOLONG",
  "ENOTSOCK",
  "FailedToOpenSocket",
  "ConnectionRefused",
]);
