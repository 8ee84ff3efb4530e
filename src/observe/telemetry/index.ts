export { type ExporterOptions, OtlpExporter } from "./exporter.ts";
export type { Span } from "./otlp-traces.ts";
export { newSpan, parseTraceparent, type SpanContext, traceparentOf } from "./span-context.ts";
