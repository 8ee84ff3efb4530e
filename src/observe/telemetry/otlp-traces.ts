import type { SpanContext } from "./span-context.ts";

/** `Span.SpanKind` of opentelemetry-proto. */
const spanKinds = { internal: 1, server: 2, client: 3 } as const;

/** A span that has ended. */
export interface Span {
  readonly context: SpanContext;
  readonly parent?: SpanContext | undefined;
  readonly name: string;
  readonly kind: keyof typeof spanKinds;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Null: it went well. */
  readonly error: string | null;
}

/** Who exports: the attributes of the resource. */
export type Resource = Readonly<Record<string, string>>;

const scope = { name: "solo" };

/** An `ExportTraceServiceRequest` in OTLP's JSON encoding: ids in hexadecimal, 64-bit numbers as text, enumerations as numbers. */
export function tracesDocument(spans: readonly Span[], resource: Resource): object {
  return {
    resourceSpans: [
      { resource: { attributes: attributes(resource) }, scopeSpans: [{ scope, spans: spans.map(spanJson) }] },
    ],
  };
}

function spanJson({ context, parent, name, kind, start, end, attributes: facts, error }: Span): object {
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...(parent !== undefined && { parentSpanId: parent.spanId }),
    name,
    kind: spanKinds[kind],
    startTimeUnixNano: nanoseconds(start),
    endTimeUnixNano: nanoseconds(end),
    attributes: attributes(facts),
    status: error === null ? { code: 1 } : { code: 2, message: error },
  };
}

/** `KeyValue`s. */
export function attributes(facts: Readonly<Record<string, string | number>>): object[] {
  return Object.entries(facts).map(([key, value]) => ({ key, value: valueJson(value) }));
}

function valueJson(value: string | number): object {
  if (typeof value === "string") return { stringValue: value };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

export function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms * 1_000)) * 1_000n);
}
