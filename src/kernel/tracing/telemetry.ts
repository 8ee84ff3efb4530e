import type { MetricsDocument, VersionDocument } from "../../api/index.ts";
import type { MetricsRegistry } from "../../observe/metrics/index.ts";
import { OtlpExporter } from "../../observe/telemetry/index.ts";
import { Tracing } from "./tracing.ts";

export interface TelemetryOptions {
  /** Null: nothing is exported, and nothing is recorded for it. */
  readonly endpoint: string | null;
  readonly version: VersionDocument;
  readonly counted: MetricsRegistry;
  readonly metrics: () => Promise<MetricsDocument>;
  readonly say: (level: "info" | "warn", message: string) => void;
}

/** What a kernel tells a collector. */
export function openTelemetry({ endpoint, version, counted, metrics, say }: TelemetryOptions): {
  readonly tracing: Tracing;
  close(): Promise<void>;
} {
  if (endpoint === null) return { tracing: new Tracing(undefined), close: async () => undefined };
  const exporter = new OtlpExporter({
    endpoint,
    resource: { "service.name": "solo", "service.version": version.version, "process.pid": String(process.pid) },
    metrics,
    onExported: (count) => counted.count("solo_telemetry_exported_total", {}, count),
    onDropped: (count, reason) => counted.count("solo_telemetry_dropped_total", { reason }, count),
    say,
  });
  return { tracing: new Tracing((span) => exporter.add(span)), close: () => exporter.close() };
}
