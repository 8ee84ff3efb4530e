import type { MetricFamily, MetricSample, MetricsDocument } from "../../api/index.ts";
import { attributes, nanoseconds, type Resource } from "./otlp-traces.ts";

/** `AggregationTemporality`: since the start. */
const cumulative = 2;

interface Stretch {
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
}

/**
 * An `ExportMetricsServiceRequest` in OTLP's JSON encoding.
 * @param start when counting began, and `now`: milliseconds since 1970
 */
export function metricsExport({ families }: MetricsDocument, resource: Resource, start: number, now: number): object {
  const stretch = { startTimeUnixNano: nanoseconds(start), timeUnixNano: nanoseconds(now) };
  const metrics = families.map((family) => metricJson(family, stretch));
  return {
    resourceMetrics: [
      { resource: { attributes: attributes(resource) }, scopeMetrics: [{ scope: { name: "solo" }, metrics }] },
    ],
  };
}

function metricJson({ name, type, help, samples }: MetricFamily, stretch: Stretch): object {
  const unit = /_seconds/.test(name) ? "s" : /_bytes/.test(name) ? "By" : "1";
  const dataPoints = samples.map((sample) => pointJson(sample, type, stretch));
  if (type === "counter") {
    return {
      name,
      description: help,
      unit,
      sum: { dataPoints, aggregationTemporality: cumulative, isMonotonic: true },
    };
  }
  if (type === "histogram") {
    return { name, description: help, unit, histogram: { dataPoints, aggregationTemporality: cumulative } };
  }
  return { name, description: help, unit, [type]: { dataPoints } };
}

function pointJson(
  { labels, value, sum = 0, buckets = [] }: MetricSample,
  type: MetricFamily["type"],
  stretch: Stretch,
): object {
  const common = { attributes: attributes(labels), ...stretch };
  if (type === "counter" || type === "gauge") return { ...common, asDouble: value };
  const tally = { ...common, count: String(value), sum };
  if (type === "summary") return tally;
  const upTo = [0, ...buckets.map(({ count }) => count), value];
  const bucketCounts = upTo.slice(1).map((count, index) => String(count - (upTo[index] ?? 0)));
  return { ...tally, bucketCounts, explicitBounds: buckets.map(({ le }) => le) };
}
