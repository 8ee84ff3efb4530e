import type { MetricFamily, MetricSample, MetricsDocument } from "../../../api/index.ts";

/** Prometheus' text format (0.0.4), and OpenMetrics (1.0) for those who say that they understand it. */
export function exposition(
  { families }: MetricsDocument,
  accept: string | null,
): { readonly contentType: string; readonly text: string } {
  const isOpenMetrics = accept?.includes("application/openmetrics-text") === true;
  const lines = families.flatMap((family) => familyLines(family, isOpenMetrics));
  if (isOpenMetrics) lines.push("# EOF");
  return {
    contentType: isOpenMetrics
      ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
      : "text/plain; version=0.0.4; charset=utf-8",
    text: lines.length === 0 ? "" : `${lines.join("\n")}\n`,
  };
}

function familyLines({ name, type, help, samples }: MetricFamily, isOpenMetrics: boolean): string[] {
  // In OpenMetrics the family of a counter has the name without `_total`, and its samples have it.
  const family = isOpenMetrics && type === "counter" ? name.replace(/_total$/, "") : name;
  const unit = /_(seconds|bytes|ratio)$/.exec(family)?.[1];
  return [
    `# HELP ${family} ${escapeHelp(help, isOpenMetrics)}`,
    `# TYPE ${family} ${type}`,
    ...(isOpenMetrics && unit !== undefined ? [`# UNIT ${family} ${unit}`] : []),
    ...samples.flatMap((sample) => sampleLines(name, type, sample)),
  ];
}

function sampleLines(
  name: string,
  type: MetricFamily["type"],
  { labels, value, sum, buckets }: MetricSample,
): string[] {
  if (type === "counter" || type === "gauge") return [`${name}${labelText(labels)} ${value}`];
  const tally = [`${name}_sum${labelText(labels)} ${sum ?? 0}`, `${name}_count${labelText(labels)} ${value}`];
  if (type === "summary") return tally;
  const bounded = (buckets ?? []).map(
    ({ le, count }) => `${name}_bucket${labelText({ ...labels, le: bound(le) })} ${count}`,
  );
  return [...bounded, `${name}_bucket${labelText({ ...labels, le: "+Inf" })} ${value}`, ...tally];
}

/** A whole number with a fraction, as OpenMetrics asks for: `le="1.0"` is the same in both formats. */
function bound(le: number): string {
  return Number.isInteger(le) ? `${le}.0` : String(le);
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeValue(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function escapeHelp(text: string, isOpenMetrics: boolean): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return isOpenMetrics ? escaped.replaceAll('"', '\\"') : escaped;
}
