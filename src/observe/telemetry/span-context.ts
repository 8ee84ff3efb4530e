import { randomBytes } from "node:crypto";

/** Which span of which trace: what W3C's `traceparent` carries. */
export interface SpanContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
}

/** A span within a trace, or the first of a new one. */
export function newSpan(parent?: SpanContext): SpanContext {
  return { traceId: parent?.traceId ?? randomBytes(16).toString("hex"), spanId: randomBytes(8).toString("hex") };
}

/** The value of a `traceparent` header whose trace is recorded. */
export function traceparentOf({ traceId, spanId }: SpanContext): string {
  return `00-${traceId}-${spanId}-01`;
}

/** What a `traceparent` header says; undefined when it is malformed, or all zeros, which W3C forbids. */
export function parseTraceparent(text: string): SpanContext | undefined {
  const match = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/.exec(text);
  const [, traceId = "", spanId = ""] = match ?? [];
  if (match === null || text.startsWith("ff") || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId };
}
