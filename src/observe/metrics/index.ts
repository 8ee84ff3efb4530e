export { type CounterName, catalog, type DistributionName, type LabelsOf, type MetricName } from "./catalog.ts";
export { Distribution } from "./distribution.ts";
export { MetricsRegistry } from "./registry.ts";
export { mostSeries, Snapshot } from "./snapshot.ts";
