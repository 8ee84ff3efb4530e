/**
 * A service, as a module exports it by default. Every member is optional, and each may be asynchronous.
 *
 * @example
 * import { defineService } from "solo";
 * export default defineService({
 *   start: (ctx) => ctx.log.info("up", { revision: ctx.revision }),
 *   fetch: (request) => new Response(`hello from ${new URL(request.url).pathname}`),
 * });
 */
export interface Service {
  /** Runs before the instance takes requests. If it throws, the instance has failed to start. */
  start?(ctx: Context): unknown;
  /** Runs after the last request was answered, before the process ends. Ends with the stop grace at the latest. */
  stop?(ctx: Context): unknown;
  /** Asked once a second from the start's end on. A throw, or no answer within 900 ms, counts as `unhealthy`. */
  health?(ctx: Context): HealthReport | Promise<HealthReport>;
  /** Answers an HTTP request, from the ingress or to the instance's own port. Without it the service serves nothing. */
  fetch?(request: Request, ctx: Context): Response | Promise<Response>;
  /**
   * Functions that others may call by name.
   *
   * @example
   * methods: { add: (input: { a: number; b: number }) => ({ sum: input.a + input.b }) }
   */
  methods?: Record<string, Method>;
}

/** Takes a JSON value and returns one. */
export type Method = (input: Input, ctx: Context) => unknown;

/** A decoded JSON document of any form. Write the type that you expect in its place. */
export type Input = ReturnType<typeof JSON.parse>;

/** How a service feels. `unhealthy` fails its heartbeat probe; `degraded` is shown, and keeps its traffic. */
export interface HealthReport {
  status: "healthy" | "degraded" | "unhealthy";
  /** One line for `solo status`. */
  message?: string;
}

/** What a service can know and use while it runs. */
export interface Context {
  /** Writes lines that `solo logs` shows with their level. */
  readonly log: Log;
  /** Aborted when the instance begins to stop: end long work and open streams then. */
  readonly signal: AbortSignal;
  /** The service's name. */
  readonly service: string;
  readonly tenant: string;
  /** Id of this instance, unique among all that ever ran. */
  readonly instance: string;
  /** Id of the revision that this instance runs. */
  readonly revision: string;
  /** The environment from the service's specification, with `PORT` and `SOLO_*`. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Each method writes one line. `fields` are kept as JSON beside the message; an `Error` among them keeps its stack.
 *
 * @example
 * ctx.log.warn("slow query", { ms: 840, error });
 */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Marks an object as a service. Returns it unchanged, with its type. */
export type DefineService = <S extends Service>(service: S) => S;
