import { type CounterName, catalog, type DistributionName, type LabelsOf, type MetricName } from "./catalog.ts";
import { Distribution } from "./distribution.ts";
import { type Labels, measured, type Snapshot } from "./snapshot.ts";

/** Series of one metric that are counted; a further one is not, and that is counted. */
const mostCounted = 2_000;

interface Series<Value> {
  readonly labels: Labels;
  value: Value;
}

type Families<Name, Value> = Map<Name, Map<string, Series<Value>>>;

/**
 * What has to be counted as it happens, because nothing can tell it afterwards. Everything else is read off the kernel when
 * somebody asks.
 */
export class MetricsRegistry {
  readonly #counters: Families<CounterName, number> = new Map();
  readonly #distributions: Families<DistributionName, Distribution> = new Map();
  readonly #dropped = new Map<MetricName, number>();

  count<Name extends CounterName>(name: Name, labels: LabelsOf<Name>, by = 1): void {
    const series = this.#seriesOf(this.#counters, name, labels, () => 0);
    if (series !== undefined) series.value += by;
  }

  /** @param value in the metric's unit: seconds or bytes */
  observe<Name extends DistributionName>(name: Name, labels: LabelsOf<Name>, value: number): void {
    const declared = catalog[name];
    const made = () => new Distribution("bounds" in declared ? declared.bounds : []);
    this.#seriesOf(this.#distributions, name, labels, made)?.value.observe(value);
  }

  collect(into: Snapshot): void {
    for (const [name, all] of this.#counters) {
      for (const { labels, value } of all.values()) into.put(name, labels, { value });
    }
    for (const [name, all] of this.#distributions) {
      for (const { labels, value } of all.values()) into.put(name, labels, measured(name, value));
    }
    for (const [metric, count] of this.#dropped) into.add("solo_metrics_dropped_observations_total", { metric }, count);
  }

  #seriesOf<Name extends MetricName, Value>(
    families: Families<Name, Value>,
    name: Name,
    labels: Labels,
    made: () => Value,
  ): Series<Value> | undefined {
    let key = "";
    for (const label of catalog[name].labels) key += `${labels[label]}\0`;
    const known = families.get(name)?.get(key);
    if (known !== undefined) return known;
    const family = families.get(name) ?? new Map<string, Series<Value>>();
    families.set(name, family);
    if (family.size >= mostCounted) {
      this.#dropped.set(name, (this.#dropped.get(name) ?? 0) + 1);
      return undefined;
    }
    const series = { labels, value: made() };
    family.set(key, series);
    return series;
  }
}
