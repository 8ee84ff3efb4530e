import type { InstanceDetail } from "../../api/documents.ts";

/** What one instance used at a second of the clock. */
export interface Sample {
  readonly memory: number;
  readonly cpu: number;
}

/** Samples of instances, by the second and then by the instance. */
export type Samples = ReadonlyMap<number, ReadonlyMap<string, Sample>>;

/** How far back is remembered, in seconds. The kernel tells the last minute; what is older the page has seen itself. */
const kept = 900;

/** What was known, with what the instances tell now. */
export function withHistory(known: Samples, instances: readonly InstanceDetail[]): Samples {
  const all = new Map([...known].map(([second, samples]) => [second, new Map(samples)]));
  for (const { id, history } of instances) {
    for (const { time, memory_bytes, cpu_percent } of history) {
      const second = Math.round(Date.parse(time) / 1_000);
      const samples = all.get(second) ?? new Map<string, Sample>();
      samples.set(id, { memory: memory_bytes, cpu: cpu_percent });
      all.set(second, samples);
    }
  }
  const newest = Math.max(...all.keys());
  return new Map([...all].filter(([second]) => second > newest - kept).toSorted(([one], [other]) => one - other));
}

/** Seconds, and for every instance its values at them; null where it had none. */
export function seriesOf(
  samples: Samples,
  ids: readonly string[],
  value: (sample: Sample) => number,
): [number[], ...(number | null)[][]] {
  const rows = [...samples.values()];
  const line = (id: string) =>
    rows.map((row) => {
      const sample = row.get(id);
      return sample === undefined ? null : value(sample);
    });
  return [[...samples.keys()], ...ids.map(line)];
}
