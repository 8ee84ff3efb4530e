import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { catalog, MetricsRegistry, mostSeries, Snapshot } from "../../../../src/observe/metrics/index.ts";

test("docs/metrics.md tells of every metric with its type, labels and meaning, and of no other", () => {
  const text = readFileSync(join(import.meta.dir, "../../../../docs/metrics.md"), "utf8");
  const rows = text.split("\n").filter((line) => line.startsWith("| `"));
  const declared = Object.entries(catalog).map(([name, { type, labels, help }]) => {
    return `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`;
  });
  expect([...rows].sort()).toEqual([...declared].sort());
});

test("counts by labels, and leaves out labels without a value", () => {
  const metrics = new MetricsRegistry();
  metrics.count("solo_deployments_total", { tenant: "acme", outcome: "done" });
  metrics.count("solo_deployments_total", { outcome: "done", tenant: "acme" }, 2);
  metrics.count("solo_deployments_total", { tenant: "", outcome: "refused" });
  const [family] = documentOf(metrics).families;
  expect(family).toMatchObject({ name: "solo_deployments_total", type: "counter" });
  expect(family?.samples).toEqual([
    { labels: { tenant: "acme", outcome: "done" }, value: 3 },
    { labels: { outcome: "refused" }, value: 1 },
  ]);
});

test("a histogram's buckets are cumulative, and a bound belongs to its bucket", () => {
  const metrics = new MetricsRegistry();
  for (const value of [0.0001, 0.0005, 0.002, 99]) {
    metrics.observe("solo_call_duration_seconds", { tenant: "default", service: "web" }, value);
  }
  const sample = documentOf(metrics).families[0]?.samples[0];
  expect(sample).toMatchObject({ value: 4, sum: 99.0026 });
  expect(sample?.buckets?.slice(0, 3)).toEqual([
    { le: 0.0005, count: 2 },
    { le: 0.001, count: 2 },
    { le: 0.0025, count: 3 },
  ]);
  expect(sample?.buckets?.at(-1)).toEqual({ le: 10, count: 3 });
});

test("series beyond the bound are not counted, and that is", () => {
  const metrics = new MetricsRegistry();
  for (let index = 0; index < 2_010; index++) {
    metrics.count("solo_events_total", { tenant: `t${index}`, event: "x" });
    metrics.count("solo_events_total", { tenant: "t0", event: "x" });
  }
  const { families } = documentOf(metrics);
  expect(families[0]?.samples).toHaveLength(2_000);
  expect(families[0]?.samples[0]?.value).toBe(2_011);
  expect(families.at(-1)).toMatchObject({
    name: "solo_metrics_dropped_observations_total",
    samples: [{ labels: { metric: "solo_events_total" }, value: 10 }],
  });
});

test("series of a document beyond the bound are left out, and their number is told", () => {
  const snapshot = new Snapshot();
  for (let index = 0; index < mostSeries + 7; index++) snapshot.add("solo_active_services", { tenant: `t${index}` }, 1);
  const { families, dropped, series } = snapshot.document();
  expect(families[0]?.samples).toHaveLength(mostSeries);
  expect({ dropped, series }).toEqual({ dropped: 7, series: mostSeries + 1 });
  expect(families[1]?.samples).toEqual([{ labels: { metric: "solo_active_services" }, value: 7 }]);
});

test("the view of a tenant has nothing of another, nor of the kernel", () => {
  const snapshot = new Snapshot();
  snapshot.add("solo_uptime_seconds", {}, 1);
  for (const tenant of ["acme", "other"]) {
    for (const service of ["web", "db"]) snapshot.add("solo_service_replicas", { tenant, service }, 1);
  }
  expect(snapshot.document({ tenant: "acme" }).families.flatMap(({ samples }) => samples)).toEqual([
    { labels: { tenant: "acme", service: "web" }, value: 1 },
    { labels: { tenant: "acme", service: "db" }, value: 1 },
  ]);
  expect(snapshot.document({ tenant: "acme", service: "db" }).series).toBe(1);
});

test("what is no number is no measurement", () => {
  const snapshot = new Snapshot();
  snapshot.add("process_max_fds", {}, Number.NaN);
  expect(snapshot.document().families).toEqual([]);
});

function documentOf(metrics: MetricsRegistry) {
  const snapshot = new Snapshot();
  metrics.collect(snapshot);
  return snapshot.document();
}
