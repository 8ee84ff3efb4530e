/** Whoever records spans of requests, if somebody does. */
export interface RequestTracer {
  /**
   * Begins the span of a request, if this one is to be recorded.
   * @param head the request's first bytes, its head among them
   */
  begin(head: Buffer): RequestSpan | undefined;
}

export interface RequestSpan {
  /** A field for the service, with its line end; empty when the request has one already. */
  readonly field: string;
  /** @param status 0 for a request that was cut off */
  end(service: string, status: number): void;
}
