import { type FetchModule, hasRoutes } from "./module-shape.ts";

/** A server that an instance's requests come to. */
export interface HostServer {
  readonly port: number;
  /** Stops accepting, and resolves when every request in flight is answered. */
  drain(): Promise<void>;
}

/** How often a draining server is asked whether requests are left: Bun has no event for it while WebSockets are open. */
const drainPollMs = 5;

/**
 * Serves `export default { fetch }`.
 * @param onListening called as soon as the port accepts connections
 */
export function serveModule(module: FetchModule, port: number, onListening: () => void): HostServer {
  const pending = new Set<Promise<unknown>>();
  const execution = executionContext(pending);
  const { websocket, maxRequestBodySize } = module;
  const routes = (hasRoutes(module) && module.routes) || {};
  const answer = (request: Request, server: Bun.Server<unknown>) =>
    module.fetch ? module.fetch(request, server, execution) : new Response("Not Found\n", { status: 404 });
  const options = { ...listenOptions(port), ...(maxRequestBodySize !== undefined && { maxRequestBodySize }) };
  const server: Bun.Server<unknown> = websocket
    ? Bun.serve({ ...options, routes, fetch: answer, websocket })
    : Bun.serve({ ...options, routes, fetch: answer });
  onListening();
  exposeEnvironment(server);
  return { port, drain: () => drain(server, pending) };
}

/**
 * Loopback only, no development page, a port that is shared with nobody (Bun's default without that page), and no idle limit:
 * an event stream may be silent for long.
 */
export function listenOptions(port: number) {
  const options = { development: false, reusePort: false, idleTimeout: 0, error: answerError } as const;
  return { hostname: "127.0.0.1", port, ...options };
}

/** The caller learns that it failed, the log learns why. */
function answerError(error: unknown): Response {
  console.error(error);
  return new Response("Internal Server Error\n", { status: 500, headers: { "content-type": "text/plain" } });
}

/**
 * The second argument is Bun's server to code written for Bun, and the environment to code written for Cloudflare or Hono:
 * the variables become properties of the server, where it has none of that name.
 */
function exposeEnvironment(server: Bun.Server<unknown>): void {
  for (const [name, value] of Object.entries(process.env)) {
    if (!(name in server)) Object.defineProperty(server, name, { value, enumerable: true });
  }
}

/** The third argument that Cloudflare Workers gives. Work handed to `waitUntil` delays the end of the process. */
function executionContext(pending: Set<Promise<unknown>>) {
  return {
    props: {},
    waitUntil(work: Promise<unknown>): void {
      const settled = Promise.resolve(work).catch((error: unknown) => console.error(error));
      pending.add(settled);
      settled.finally(() => pending.delete(settled));
    },
    passThroughOnException(): void {},
  };
}

export async function drain(server: Bun.Server<unknown>, pending: ReadonlySet<Promise<unknown>>): Promise<void> {
  const closed = server.stop();
  while (server.pendingRequests > 0) await Bun.sleep(drainPollMs);
  // Only WebSockets are left: their peers get 1001, going away.
  server.stop(true);
  await closed;
  await Promise.all(pending);
}
