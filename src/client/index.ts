import type { RemoteTarget } from "./remote/credentials.ts";
import type { Transport } from "./transport.ts";

export { createClient, type SoloClient } from "./client.ts";
export { onUnreachable } from "./on-unreachable.ts";
export { socketTransport } from "./socket-transport.ts";

/** The way to a context's kernel. Loads undici, which the local socket needs not. */
export async function remoteTransport(target: RemoteTarget): Promise<Transport> {
  const { remoteTransport: create } = await import("./remote/index.ts");
  return create(target);
}
