import type { OperationName, ServiceRef, SoloError } from "../api/index.ts";
import { newSpan, parseTraceparent, type Span, type SpanContext, traceparentOf } from "../observe/telemetry/index.ts";
import type { RequestTracer } from "../traffic/index.ts";

/** Requests that are recorded without having been asked for by their `traceparent`. */
const mostPerSecond = 10;

/** The spans of what goes through the kernel. Where nobody takes them, none are made. */
export class Tracing {
  readonly #take: ((span: Span) => void) | undefined;
  #second = -1;
  #left = 0;

  /** @param take gets each span that has ended; absent: tracing is off */
  constructor(take: ((span: Span) => void) | undefined) {
    this.#take = take;
  }

  operation(
    operation: OperationName | "authenticate",
    tenant: string | null,
    error: SoloError | null,
    tookMs: number,
  ): void {
    if (this.#take === undefined) return;
    const attributes = { "solo.operation": operation, ...(tenant !== null && { "solo.tenant": tenant }) };
    this.#end({ context: newSpan(), name: `solo.${operation}`, kind: "server", attributes, error }, tookMs);
  }

  /** Begins the span of a call. */
  call(parent: SpanContext | undefined): SpanContext | undefined {
    return this.#take === undefined ? undefined : newSpan(parent);
  }

  endCall(call: EndedCall, error: SoloError | null, tookMs: number): void {
    const { context, parent, target, method, from } = call;
    const attributes = { "rpc.service": `${target.tenant}/${target.name}`, "rpc.method": method, "solo.caller": from };
    this.#end({ context, parent, name: `${target.name}.${method}`, kind: "client", attributes, error }, tookMs);
  }

  /** Of the ingress; undefined while tracing is off. */
  get requests(): RequestTracer | undefined {
    return this.#take === undefined ? undefined : { begin: (head) => this.#request(head) };
  }

  #request(head: Buffer): ReturnType<RequestTracer["begin"]> {
    const text = head.toString("latin1", 0, headBytes);
    const given = traceField.exec(text)?.[1];
    const parent = given === undefined ? undefined : parseTraceparent(given);
    const isAskedFor = parent !== undefined && /-[0-9a-f][13579bdf]$/.test(given ?? "");
    if (!isAskedFor && !this.#mayRecord()) return undefined;
    const context = newSpan(parent);
    const begun = performance.now();
    const [method = "", path = ""] = text.split(" ", 2);
    return {
      field: given === undefined ? `traceparent: ${traceparentOf(context)}\r\n` : "",
      end: (service, status) => {
        const attributes = {
          "http.request.method": method,
          "url.path": path.split("?", 1)[0] ?? "",
          "http.response.status_code": status,
          "solo.service": service,
        };
        const error = status >= 500 || status === 0 ? { message: status === 0 ? "cut off" : `HTTP ${status}` } : null;
        this.#end({ context, parent, name: method, kind: "server", attributes, error }, performance.now() - begun);
      },
    };
  }

  #mayRecord(): boolean {
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#left = mostPerSecond;
    }
    this.#left--;
    return this.#left >= 0;
  }

  #end(
    { error, ...span }: Omit<Span, "start" | "end" | "error"> & { readonly error: { readonly message: string } | null },
    tookMs: number,
  ) {
    const end = Date.now();
    this.#take?.({ ...span, start: end - tookMs, end, error: error?.message ?? null });
  }
}

export interface EndedCall {
  readonly context: SpanContext;
  readonly parent: SpanContext | undefined;
  readonly target: ServiceRef;
  readonly method: string;
  /** Who called. */
  readonly from: string;
}

const traceField = /\r\ntraceparent:[ \t]*([^\r]*?)[ \t]*\r\n/i;
/** A head is at most so long. */
const headBytes = 16_384;
