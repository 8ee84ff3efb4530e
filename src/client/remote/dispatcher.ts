import { Client, type Dispatcher, EnvHttpProxyAgent } from "#undici";
import type { Credentials } from "./credentials.ts";

/** Connections to one kernel. The proxy variables (`HTTPS_PROXY`, `NO_PROXY`, …) are obeyed for TCP. */
export function createDispatcher(url: URL, { ca, cert, key }: Credentials): Dispatcher {
  if (url.protocol === "unix:") return new Client("http://solo", { socketPath: decodeURIComponent(url.pathname) });
  // Said explicitly, because NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment would switch the check off.
  const connect = {
    rejectUnauthorized: true,
    timeout: connectTimeoutMs,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
  return new EnvHttpProxyAgent({ connect, requestTls: connect });
}

const connectTimeoutMs = 10_000;
