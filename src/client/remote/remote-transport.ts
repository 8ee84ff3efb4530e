// The package itself: under Bun the name "undici" is a built-in stand-in that ignores sockets, TLS and dispatchers.
import { type Dispatcher, request } from "#undici";
import { ownerKey } from "../owner-key.ts";
import type { Transport, TransportRequest, TransportResponse } from "../transport.ts";
import { type Credentials, type RemoteTarget, readCredentials } from "./credentials.ts";
import { createDispatcher } from "./dispatcher.ts";
import { faultOf } from "./fault.ts";

/** HTTP to a kernel elsewhere, or behind a named socket: TLS with the context's certificates, its bearer token, proxies. */
export async function remoteTransport(target: RemoteTarget): Promise<Transport> {
  const credentials = await readCredentials(target);
  const url = new URL(target.url);
  const origin = url.protocol === "unix:" ? "http://solo" : url.origin;
  const dispatcher = createDispatcher(url, credentials);
  const authorization = {
    ...(credentials.token !== undefined && { authorization: `Bearer ${credentials.token}` }),
    ...(url.protocol === "unix:" && (await ownerKey(decodeURIComponent(url.pathname)))),
  };
  const way = { dispatcher, origin, hintOfLoss: hintOfLoss(url, credentials) };
  return {
    peer: target.url,
    send: (wanted) => {
      const complete = { ...wanted, headers: { ...wanted.headers, ...authorization } };
      return wanted.method === "GET" ? withRetries(() => send(way, complete), complete) : send(way, complete);
    },
    close: () => dispatcher.destroy(),
  };
}

interface Way {
  readonly dispatcher: Dispatcher;
  readonly origin: string;
  readonly hintOfLoss: string;
}

/** Why a peer may end a connection without a word: with TLS 1.3 that is also how it refuses who shows no certificate. */
function hintOfLoss({ protocol }: URL, { cert }: Credentials): string {
  if (protocol === "http:") return "it may speak TLS: try https:// in the context's address";
  if (protocol !== "https:") return "check the address with `solo context list`";
  return cert === undefined
    ? "it may ask for a client certificate: `solo context add NAME URL --cert FILE --key FILE`"
    : "it may not accept the client certificate: `solo tls show` there tells whether it has expired or was revoked";
}

async function send(
  { dispatcher, origin, hintOfLoss: hint }: Way,
  { method, path, body, headers, signal }: TransportRequest,
): Promise<TransportResponse> {
  try {
    const response = await request(`${origin}${path}`, {
      dispatcher,
      method,
      headers,
      // A change answers when it is done, which may take long; TCP keep-alive notices a peer that is gone.
      headersTimeout: method === "GET" ? readTimeoutMs : 0,
      bodyTimeout: silenceTimeoutMs,
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
    });
    return {
      status: response.statusCode,
      header: (name) => first(response.headers[name]),
      text: () => response.body.text().catch((thrown: unknown) => Promise.reject(faultOf(thrown, signal, hint))),
      chunks: () => chunksOf(response.body, signal, hint),
    };
  } catch (thrown) {
    throw faultOf(thrown, signal, hint);
  }
}

async function* chunksOf(
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  hint: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (thrown) {
    throw faultOf(thrown, signal, hint);
  }
}

/** Reads may be repeated; a change may not, because nobody knows whether the first one arrived. */
async function withRetries<T>(attempt: () => Promise<T>, { signal }: TransportRequest): Promise<T> {
  for (const pauseMs of retryPausesMs) {
    try {
      return await attempt();
    } catch (thrown) {
      if (signal?.aborted || !isPassing(thrown)) throw thrown;
      await Bun.sleep(pauseMs);
    }
  }
  return attempt();
}

/** Whether the same request may succeed a moment later: not when this side refuses the peer's certificate. */
function isPassing(thrown: unknown): boolean {
  return thrown instanceof Error && "kind" in thrown && thrown.kind !== "rejected";
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

const readTimeoutMs = 30_000;
/** A kernel sends a line at least every 4 s on a stream that is silent otherwise. */
const silenceTimeoutMs = 60_000;
const retryPausesMs = [100, 400];
