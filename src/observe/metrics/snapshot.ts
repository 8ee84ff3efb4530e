import type { MetricFamily, MetricSample, MetricsDocument } from "../../api/index.ts";
import { catalog, type DistributionName, type LabelsOf, type MetricName, type ScalarName } from "./catalog.ts";
import type { Distribution } from "./distribution.ts";

/** Series of one metric in one document; what is beyond is left out and counted. */
export const mostSeries = 5_000;

/** The metrics of one moment, as they are put together. */
export class Snapshot {
  readonly #families = new Map<MetricName, MetricSample[]>();
  readonly #dropped = new Map<MetricName, number>();

  /** A value that is no finite number is no measurement, and left out. */
  add<Name extends ScalarName>(name: Name, labels: LabelsOf<Name>, value: number): void {
    this.put(name, labels, { value });
  }

  addDistribution<Name extends DistributionName>(name: Name, labels: LabelsOf<Name>, distribution: Measured): void {
    this.put(name, labels, measured(name, distribution));
  }

  /** What was checked to be of the metric's form before. */
  put(name: MetricName, labels: Labels, sample: Omit<MetricSample, "labels">): void {
    if (!Number.isFinite(sample.value)) return;
    const samples = this.#families.get(name);
    if (samples === undefined) this.#families.set(name, [{ labels: shown(labels), ...sample }]);
    else if (samples.length < mostSeries) samples.push({ labels: shown(labels), ...sample });
    else this.#dropped.set(name, (this.#dropped.get(name) ?? 0) + 1);
  }

  /** Only what belongs to a tenant, and of that only what is about one service when it is given. */
  document(only?: { readonly tenant: string; readonly service?: string | undefined }): MetricsDocument {
    const names = [...this.#families.keys()];
    let dropped = 0;
    for (const [metric, left] of this.#dropped) {
      dropped += left;
      this.add("solo_metrics_dropped_series", { metric }, left);
    }
    const order = Object.keys(catalog);
    const rank = (name: string) => order.indexOf(name);
    const families = [...new Set([...names, ...this.#families.keys()])]
      .sort((one, other) => rank(one) - rank(other))
      .map((name) => this.#family(name, only))
      .filter(({ samples }) => samples.length > 0);
    return { families, series: families.reduce((sum, { samples }) => sum + samples.length, 0), dropped };
  }

  #family(name: MetricName, only?: { readonly tenant: string; readonly service?: string | undefined }): MetricFamily {
    const { type, help } = catalog[name];
    const all = this.#families.get(name) ?? [];
    const samples = all.filter(
      ({ labels }) =>
        only === undefined ||
        (labels.tenant === only.tenant && (only.service === undefined || labels.service === only.service)),
    );
    return { name, type, help, samples };
  }
}

export type Labels = Readonly<Record<string, string>>;
type Measured = Pick<Distribution, "count" | "sum" | "buckets">;

export function measured(name: DistributionName, distribution: Measured): Omit<MetricSample, "labels"> {
  const { count: value, sum } = distribution;
  return { value, sum, ...(catalog[name].type === "histogram" && { buckets: distribution.buckets() }) };
}

function shown(labels: Labels): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ""));
}
