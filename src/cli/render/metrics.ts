import {
  formatDuration,
  formatSize,
  type MetricFamily,
  type MetricSample,
  type MetricsDocument,
} from "../../api/index.ts";
import type { View } from "../view.ts";

/** Every metric with its series, each value in a unit that people read. */
export function renderMetrics({ families, dropped }: MetricsDocument, view: View): string {
  if (families.length === 0) return "nothing is measured yet";
  const blocks = families.map((family) => renderFamily(family, view));
  if (dropped > 0) blocks.push(view.style.yellow(`${dropped} series were left out: there are too many`));
  return blocks.join("\n");
}

function renderFamily(family: MetricFamily, { style }: View): string {
  const lines = family.samples.map((sample) => {
    const labels = Object.entries(sample.labels).map(([name, value]) => `${name}=${value}`);
    return `  ${shown(family, sample).padEnd(12)}  ${style.dim(labels.join(" "))}`.trimEnd();
  });
  return [`${style.bold(family.name)}  ${style.dim(family.help)}`, ...lines].join("\n");
}

function shown({ name, type }: MetricFamily, sample: MetricSample): string {
  const { value, sum = 0 } = sample;
  if (type === "gauge" || type === "counter") return withUnit(name, value);
  if (value === 0) return "none";
  const p95 = sample.buckets === undefined ? "" : `, p95 ${quantile(sample, 0.95)}`;
  return `${value}, mean ${formatDuration((sum / value) * 1_000)}${p95}`;
}

/** The bucket in which a share of the observations ends: all that a histogram knows. */
function quantile({ value, buckets = [] }: MetricSample, share: number): string {
  const bucket = buckets.find(({ count }) => count >= value * share);
  return bucket === undefined
    ? `> ${formatDuration((buckets.at(-1)?.le ?? 0) * 1_000)}`
    : `≤ ${formatDuration(bucket.le * 1_000)}`;
}

function withUnit(name: string, value: number): string {
  if (/_bytes(_total)?$/.test(name)) return formatSize(value);
  if (/_timestamp_seconds$|_start_time_seconds$/.test(name)) return new Date(value * 1_000).toISOString();
  if (/_seconds(_total)?$/.test(name)) return formatDuration(value * 1_000);
  if (name.endsWith("_ratio")) return `${Math.round(value * 1_000) / 10} %`;
  return String(Math.round(value * 1_000) / 1_000);
}
