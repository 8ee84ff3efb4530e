import type { Calls } from "./calls.ts";
import type { Discovery } from "./discovery.ts";
import type { Secrets } from "./secrets.ts";
import type { RunningSteps } from "./steps.ts";

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
  /**
   * Brings what is in `state` from the form of an earlier version to the one that `state.version` in solo.toml declares. Runs
   * before `start`, in one instance while the others wait; again from the beginning if it was interrupted.
   *
   * @example
   * async migrate(state, fromVersion) {
   *   if (fromVersion < 2) for await (const { key, value } of state.scan()) await state.set(key, { name: value });
   * }
   */
  migrate?(state: State, fromVersion: number): unknown;
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
export interface Context extends RunningSteps, Calls, Discovery {
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
  /** What the service remembers, durably: shared by all its instances, kept over restarts, updates and `kill`. */
  readonly state: State;
  /** The secrets that it asks for. */
  readonly secrets: Secrets;
}

/** How a single write differs from what the service's `state` in solo.toml says. */
export interface WriteOptions {
  /**
   * `sync`: resolves when the write is on disk; `async`: at once, a crash of the machine loses at most the last 50 ms;
   * `checkpoint`: at once, on disk with the next flush at the latest.
   */
  durability?: "sync" | "async" | "checkpoint";
}

/** Which keys: those that begin with `prefix` and lie behind `after`, in the order of their UTF-8 bytes. */
export interface KeyRange {
  prefix?: string;
  after?: string;
  /** At most so many; default: all. */
  limit?: number;
}

/** A key with its value. `version` changes with every write of the key and never comes again. */
export interface StateEntry<Value> {
  readonly key: string;
  readonly value: Value;
  readonly version: number;
}

/** A change that is durable. `position` orders all changes of the service's state. */
export interface StateChange<Value> {
  readonly op: "put" | "delete";
  readonly key: string;
  /** Of a `put`. */
  readonly value?: Value;
  readonly position: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** A validator of any library that follows Standard Schema (https://standardschema.dev), such as zod or valibot. */
export interface StandardSchema<Value> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Value> | Promise<StandardResult<Value>>;
    readonly types?: { readonly input: unknown; readonly output: Value } | undefined;
  };
}

export type StandardResult<Value> =
  | { readonly value: Value; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/** What a {@link State.transaction} does its work with. Valid only while the function runs. */
export interface Transaction {
  get<Value = Input>(key: string): Promise<Value | undefined>;
  set(key: string, value: unknown): void;
  delete(key: string): void;
}

/**
 * Keys of text and values of any MessagePack type: text, numbers, booleans, null, `Uint8Array`, `Date`, bigints of 64 bits,
 * lists, plain objects. Maps with keys of text come back as objects. A key has at most 4,096 bytes, a value 3 MiB.
 *
 * Every call rejects with an error that has a `code`: `unreachable` when no kernel answered for 30 s (`state.wait`; `applied`
 * tells whether the write may have happened), `limit_exceeded` for a quota, `conflict`, `invalid_request`, `storage_full`.
 * While the kernel is away calls wait; a write is applied once, however often it had to be sent.
 *
 * @example
 * const hits = await ctx.state.increment("hits");
 * await ctx.state.set("user:7", { name: "Ada", since: new Date() });
 * for await (const { key, value } of ctx.state.scan({ prefix: "user:" })) ctx.log.info(key, value);
 */
export interface State {
  get<Value = Input>(key: string): Promise<Value | undefined>;
  /** Like `get`, with the version, for a later `set` with `ifVersion`. */
  entry<Value = Input>(key: string): Promise<StateEntry<Value> | undefined>;
  /**
   * Writes a value and returns its version. With `ifVersion` only if that is still the key's version, and 0 stands for a
   * key that is not there; else it rejects with `conflict`.
   *
   * @example
   * await ctx.state.set("leader", ctx.instance, { ifVersion: 0 });
   */
  set(key: string, value: unknown, options?: WriteOptions & { ifVersion?: number }): Promise<number>;
  /** Whether there was such a key. */
  delete(key: string, options?: WriteOptions & { ifVersion?: number }): Promise<boolean>;
  /**
   * Replaces a value by what `change` makes of it; `undefined` deletes the key. `change` may run again when somebody else
   * wrote meanwhile, so it should do nothing else. Returns what was written.
   *
   * @example
   * await ctx.state.update<string[]>("names", (names = []) => [...names, "Ada"]);
   */
  update<Value = Input>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: WriteOptions,
  ): Promise<Value | undefined>;
  /** Adds to a number, which is 0 when it is not there, and returns the sum. Whole numbers stay exact or it rejects. */
  increment(key: string, by?: number, options?: WriteOptions): Promise<number>;
  /** Entries in order, a page at a time: keys written meanwhile may be among them or not. */
  scan<Value = Input>(range?: KeyRange): AsyncIterable<StateEntry<Value>>;
  /**
   * Every change from now on, or behind a position, until the loop is left or the instance stops. Rejects with `conflict` when
   * the history after that position is gone: scan then.
   */
  watch<Value = Input>(options?: { prefix?: string; after?: number }): AsyncIterable<StateChange<Value>>;
  /**
   * Several reads and writes as one: nothing that was read has changed when it is written, and all is written or nothing.
   * `run` runs again when something changed meanwhile, so it should do nothing else.
   *
   * @example
   * await ctx.state.transaction(async (tx) => {
   *   const [from, to] = [await tx.get<number>("a"), await tx.get<number>("b")];
   *   tx.set("a", (from ?? 0) - 10);
   *   tx.set("b", (to ?? 0) + 10);
   * });
   */
  transaction<Result>(
    run: (transaction: Transaction) => Result | Promise<Result>,
    options?: WriteOptions,
  ): Promise<Result>;
  /**
   * The same state, whose values are checked when they are read and written; one that doesn't fit rejects with
   * `invalid_request`.
   *
   * @example
   * const users = ctx.state.checked(z.object({ name: z.string() }));
   */
  checked<Value>(schema: StandardSchema<Value>): CheckedState<Value>;
}

/** A state of which every value passed a schema. */
export interface CheckedState<Value> {
  get(key: string): Promise<Value | undefined>;
  entry(key: string): Promise<StateEntry<Value> | undefined>;
  set(key: string, value: Value, options?: WriteOptions & { ifVersion?: number }): Promise<number>;
  update(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: WriteOptions,
  ): Promise<Value | undefined>;
  scan(range?: KeyRange): AsyncIterable<StateEntry<Value>>;
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
