import { createHash } from "node:crypto";
import type { OperationName, ServiceRef, SoloError } from "../../api/index.ts";
import {
  newSpan,
  parseTraceparent,
  type Span,
  type SpanContext,
  traceparentOf,
} from "../../observe/telemetry/index.ts";
import type { RequestTracer } from "../../traffic/index.ts";

/** What is recorded of a kind without having been asked for by a `traceparent`, or being part of a call. */
const mostPerSecond = 10;

/** The spans of what goes through the kernel. Where nobody takes them, none are made. */
export class Tracing {
  readonly #take: ((span: Span) => void) | undefined;
  readonly #requests = new Sample();
  readonly #steps = new Sample();

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

  /** Of a step or an effect whose work has ended. One that nobody asked for is part of a trace of its run's own. */
  step({ parent, ...step }: TracedStep, error: string | null, tookMs: number): void {
    if (this.#take === undefined || (parent === undefined && !this.#steps.takes())) return;
    const { kind, service, instance, run, id, spanId, end } = step;
    const traceId = parent?.traceId ?? (run === "" ? newSpan().traceId : traceOfRun(service, run));
    const attributes = {
      "solo.service": service,
      "solo.instance": instance,
      ...(run !== "" && { "solo.run": run }),
      [`solo.${kind}`]: id,
    };
    const name = `${kind} ${id}`;
    const failure = error === null ? null : { message: error };
    const context = { traceId, spanId };
    this.#end({ context, parent, name, kind: "internal", attributes, error: failure }, tookMs, end);
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
    if (!isAskedFor && !this.#requests.takes()) return undefined;
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

  #end(
    { error, ...span }: Omit<Span, "start" | "end" | "error"> & { readonly error: { readonly message: string } | null },
    tookMs: number,
    end = Date.now(),
  ) {
    this.#take?.({ ...span, start: end - tookMs, end, error: error?.message ?? null });
  }
}

/** The first so many of every second. */
class Sample {
  #second = -1;
  #left = 0;

  takes(): boolean {
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#left = mostPerSecond;
    }
    this.#left--;
    return this.#left >= 0;
  }
}

/** The same in every process and every kernel that goes on with the run. */
function traceOfRun(service: string, run: string): string {
  return createHash("sha256").update(`${service}\n${run}`).digest("hex").slice(0, 32);
}

export interface TracedStep {
  readonly kind: "step" | "effect";
  readonly parent: SpanContext | undefined;
  readonly spanId: string;
  /** Milliseconds since 1970. */
  readonly end: number;
  /** `tenant/name`. */
  readonly service: string;
  readonly instance: string;
  /** Empty for the service's own. */
  readonly run: string;
  readonly id: string;
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
