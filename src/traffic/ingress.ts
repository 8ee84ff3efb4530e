import type { Socket, TCPSocketListener } from "bun";
import { SoloError } from "../api/index.ts";
import { answer } from "./answer.ts";
import { ClientConnection } from "./client-connection.ts";
import { Clock } from "./clock.ts";
import type { IngressContext } from "./context.ts";
import type { Endpoint } from "./endpoint.ts";
import { RequestHead, ResponseHead } from "./http1/index.ts";
import { type IngressOptions, resolveLimits, tickMs } from "./options.ts";
import type { RequestCounters } from "./request-counters.ts";
import type { Route, RouteStats } from "./route.ts";
import { RouteTable } from "./routes.ts";

type ClientSocket = Socket<ClientConnection | null>;

const noStats: RouteStats = { inFlight: 0, held: 0, requests: 0, errors: 0 };

/**
 * The stable address of all services: one HTTP/1.1 listener that passes each request to a ready instance of the service
 * its `Host` names. Framing is strict (RFC 9112): what could be read in two ways is refused with 400 and reaches no
 * instance; chunk extensions and hop-by-hop fields end here. `X-Forwarded-For`, `-Host` and `-Proto` are set from the
 * connection, and whatever a client says in their place (`Forwarded` and `X-Real-IP` included) is dropped, since
 * nothing stands before this listener that could be trusted to say it. Requests wait, bounded, while a service has no
 * ready instance.
 */
export class Ingress {
  private readonly context: IngressContext;
  private readonly connections = new Set<ClientConnection>();
  private readonly listener: TCPSocketListener<ClientConnection | null>;
  private readonly timer: ReturnType<typeof setInterval>;
  private emptied: (() => void) | null = null;

  /** @throws SoloError `port_in_use` when another program listens there, `failed` when the address can't be used */
  static listen(options: IngressOptions): Ingress {
    return new Ingress(options);
  }

  private constructor(options: IngressOptions) {
    const limits = resolveLimits(options);
    const clock = new Clock();
    this.context = {
      limits,
      clock,
      routes: new RouteTable(clock, limits.maxHeldPerRoute),
      requestHead: new RequestHead(),
      responseHead: new ResponseHead(),
      unrouted: new Map(),
      tracer: options.tracer,
      closing: false,
      onError: options.onError ?? console.error,
    };
    this.listener = this.open(options);
    this.timer = setInterval(() => this.tick(), tickMs);
  }

  get port(): number {
    return this.listener.port;
  }

  /**
   * Makes a service reachable under exactly these host names, in any case. From now on requests for it wait when it has
   * no endpoint; before, they get 404.
   *
   * @param key the service, as `tenant/name`
   * @param maxHeld requests that may wait for it, where that is less than for all
   */
  setRoute(key: string, hosts: readonly string[], maxHeld?: number): void {
    this.context.routes.set(key, hosts, maxHeld);
  }

  /** Requests that wait for it get 503, those in flight 502, later ones 404. */
  removeRoute(key: string): void {
    this.context.routes.remove(key);
  }

  /**
   * Sends requests there from now on, waiting ones first; also ends a drain. An endpoint with the same id at another
   * address is removed.
   */
  addEndpoint(key: string, endpoint: Endpoint): void {
    this.context.clock.update();
    this.route(key).add(endpoint);
  }

  /** At once: its requests in flight get 502. Nothing happens when it isn't there. */
  removeEndpoint(key: string, id: string): void {
    this.context.routes.get(key)?.remove(id);
  }

  /**
   * Sends no further request there, and resolves when those in flight are answered or after `timeoutMs`, when upgraded
   * connections (WebSockets) are closed. The endpoint stays known until `removeEndpoint`.
   *
   * @returns how many requests are left in flight
   */
  async drain(key: string, id: string, timeoutMs: number): Promise<{ readonly left: number }> {
    const left = await this.context.routes.get(key)?.find(id)?.drain(timeoutMs);
    return { left: left ?? 0 };
  }

  /** Requests that an endpoint has in flight. */
  inFlight(key: string, id: string): number {
    return this.context.routes.get(key)?.find(id)?.inFlight ?? 0;
  }

  stats(key: string): RouteStats {
    return this.context.routes.get(key)?.stats ?? noStats;
  }

  /** How a service's requests ended; undefined when none has. */
  requestsOf(key: string): RequestCounters | undefined {
    return this.context.routes.get(key)?.countersIfAny;
  }

  /** The same, of each of its present endpoints that had one, by its id. */
  requestsByEndpoint(key: string): Iterable<readonly [id: string, counters: RequestCounters]> {
    return this.context.routes.get(key)?.countersByEndpoint() ?? [];
  }

  /** Requests that led to no service, by the status that they were answered with. */
  get unrouted(): ReadonlyMap<number, number> {
    return this.context.unrouted;
  }

  get connectionCount(): number {
    return this.connections.size;
  }

  /** Accepts nothing more, lets requests in flight finish for up to `graceMs`, then cuts the rest. */
  async close(graceMs: number): Promise<void> {
    this.context.closing = true;
    this.listener.stop(false);
    for (const connection of [...this.connections]) if (connection.idle) connection.finish();
    if (this.connections.size > 0) await this.allClosed(graceMs);
    for (const connection of [...this.connections]) connection.abort();
    for (const route of this.context.routes.all()) route.close("the ingress closes");
    clearInterval(this.timer);
    this.listener.stop(true);
  }

  private route(key: string): Route {
    const route = this.context.routes.get(key);
    if (route === undefined) throw new SoloError("not_found", `the ingress has no route for ${key}`);
    return route;
  }

  private open({ bind, port }: IngressOptions): TCPSocketListener<ClientConnection | null> {
    try {
      return Bun.listen<ClientConnection | null>({
        hostname: bind,
        port,
        allowHalfOpen: true,
        data: null,
        socket: {
          open: (socket) => this.accept(socket),
          data: (socket, data) => socket.data?.received(data),
          drain: (socket) => socket.data?.drained(),
          end: (socket) => socket.data?.ended(),
          close: (socket) => this.forget(socket.data),
          error: (socket, error) => {
            socket.data?.abort();
            this.context.onError(error);
          },
        },
      });
    } catch (cause) {
      throw listenError(cause, bind, port);
    }
  }

  private accept(socket: ClientSocket): void {
    if (this.connections.size >= this.context.limits.maxConnections) {
      this.context.unrouted.set(503, (this.context.unrouted.get(503) ?? 0) + 1);
      socket.end(answer(503, "too many connections", { isHead: false, keepAlive: false, version10: false }));
      return;
    }
    const connection = new ClientConnection(this.context, socket);
    socket.data = connection;
    this.connections.add(connection);
  }

  private forget(connection: ClientConnection | null): void {
    if (connection === null) return;
    connection.closed();
    this.connections.delete(connection);
    if (this.connections.size === 0) this.emptied?.();
  }

  private tick(): void {
    const { clock, routes } = this.context;
    clock.tick();
    for (const connection of this.connections) connection.tick(clock.now);
    for (const route of routes.all()) route.tick();
  }

  private allClosed(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      this.emptied = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function listenError(cause: unknown, bind: string, port: number): SoloError {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  if (code === "EADDRINUSE") {
    return new SoloError("port_in_use", `the ingress can't listen on ${bind}:${port}: another program does`, {
      hint: `stop it (\`ss -ltnp 'sport = :${port}'\` shows which), or set \`ingress_port\` under [solo]`,
      cause,
    });
  }
  return new SoloError("failed", `the ingress can't listen on ${bind}:${port}: ${String(code ?? cause)}`, {
    hint: "check `bind` and `ingress_port` under [solo]; ports below 1024 need a privilege",
    cause,
  });
}
