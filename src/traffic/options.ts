import type { RequestTracer } from "./request-tracer.ts";

/** What the ingress listens on and how long it waits. Times are in milliseconds. */
export interface IngressOptions {
  /** Address to listen on, e.g. `127.0.0.1`. */
  readonly bind: string;
  /** 0 lets the system choose; `Ingress.port` then tells which. */
  readonly port: number;
  /** How long a request waits for a ready endpoint of a known route. */
  readonly holdTimeoutMs?: number;
  /** How many requests of one route may wait at a time; further ones get 503. */
  readonly maxHeldPerRoute?: number;
  /** Client connections at a time; further ones get 503 and are closed. */
  readonly maxConnections?: number;
  /** From a request's first byte to the end of its head, against clients that drip (408). */
  readonly headTimeoutMs?: number;
  /** How long a kept-alive client connection may rest between requests. */
  readonly idleTimeoutMs?: number;
  /** Longest pause within a request body (408). */
  readonly bodyTimeoutMs?: number;
  /** From the end of a request to the head of its response (504). */
  readonly responseTimeoutMs?: number;
  /** Longest silence within a response body or an upgraded connection; long, because event streams are quiet. */
  readonly streamTimeoutMs?: number;
  /** How long a receiver may take nothing while bytes wait for it. */
  readonly stallTimeoutMs?: number;
  /** After its last response a connection is half closed and read out this long, so that no reset destroys the response. */
  readonly lingerTimeoutMs?: number;
  /** Records spans of requests. Default: nobody. */
  readonly tracer?: RequestTracer | undefined;
  /** Told of exceptions within the ingress: each costs its connection only. Default: `console.error`. */
  readonly onError?: (error: unknown) => void;
}

export type Limits = Required<Omit<IngressOptions, "bind" | "port" | "onError" | "tracer">>;

const defaults: Limits = {
  // Longer than a service takes to restart, shorter than callers give up.
  holdTimeoutMs: 10_000,
  maxHeldPerRoute: 1_000,
  // Two descriptors each stay far below the usual hard limit of 1,048,576, and idle ones cost about 15 MB.
  maxConnections: 12_288,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 75_000,
  bodyTimeoutMs: 30_000,
  responseTimeoutMs: 120_000,
  streamTimeoutMs: 3_600_000,
  stallTimeoutMs: 60_000,
  lingerTimeoutMs: 2_000,
};

export function resolveLimits(options: IngressOptions): Limits {
  const { bind: _bind, port: _port, onError: _onError, tracer: _tracer, ...given } = options;
  return { ...defaults, ...given };
}

/** How often deadlines are looked at: every one of them is met up to this much late. */
export const tickMs = 100;

/** Idle upstream connections are dropped after this: below the 2 to 75 s after which common servers close theirs. */
export const upstreamIdleMs = 1_500;

/** Idle connections kept per endpoint. More would only wait in the server's accept loop. */
export const maxIdlePerEndpoint = 256;

/** Connecting takes microseconds on loopback; a listen queue that stays full this long is a failed connect. */
export const connectTimeoutMs = 3_000;

/** An endpoint that refused a connection is not tried again for this long. */
export const suspectMs = 100;

/** Bytes that the requests waiting in one route came in, at most; what is read ahead of them has its own bound. */
export const maxHeldBytesPerRoute = 32 * 1024 * 1024;

/** Bytes read ahead of a client (pipelined requests, a body whose upstream isn't connected yet) before reading pauses. */
export const maxReadAheadBytes = 64 * 1024;

/** A request with a body is repeated on another connection only when the body came whole and is no longer than this. */
export const maxReplayBytes = 64 * 1024;

/** Bytes read and thrown away while a connection lingers. */
export const maxLingerBytes = 4 * 1024 * 1024;

/** A client that closed its sending half gets its response if it comes within this; then it counts as gone. */
export const halfCloseMs = 5_000;

/** Interim (1xx) responses passed on per request, so that an upstream can't send them for ever. */
export const maxInterimResponses = 16;
