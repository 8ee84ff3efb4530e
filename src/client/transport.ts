/** One request as every transport sends it. */
export interface TransportRequest {
  readonly method: "GET" | "POST";
  /** Path and query. */
  readonly path: string;
  /** JSON text, for POST. */
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

export interface TransportResponse {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly text: () => Promise<string>;
  readonly chunks: () => AsyncIterable<Uint8Array>;
}

/** A way to a kernel. What it throws is classified by {@link TransportFault}. */
export interface Transport {
  /** What messages call the other end, e.g. a socket's path or a URL. */
  readonly peer: string;
  send(request: TransportRequest): Promise<TransportResponse>;
  close(): Promise<void>;
}

/**
 * How a transport failed. `unreachable`: no byte of the request can have arrived; `lost`: it may have; `rejected`: this
 * side refuses the peer (TLS) or the peer refuses this side (credentials files).
 */
export class TransportFault extends Error {
  readonly kind: "unreachable" | "lost" | "rejected";
  readonly hint: string | undefined;

  constructor(kind: TransportFault["kind"], message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.hint = options.hint;
  }
}
