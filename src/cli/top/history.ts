import type { ServiceRow } from "../../api/index.ts";

/** What a service used at one look. */
export interface UseSample {
  readonly cpuPercent: number;
  readonly rssBytes: number;
}

/** What services used over the last looks, for charts. */
export class UseHistory {
  readonly #samples = new Map<string, UseSample[]>();
  readonly #most: number;

  /** @param most looks that are remembered */
  constructor(most: number) {
    this.#most = most;
  }

  /** Forgets services that are gone. */
  add(rows: readonly Pick<ServiceRow, "service" | "cpu_percent" | "rss_bytes">[]): void {
    const present = new Set(rows.map(({ service }) => service));
    for (const name of this.#samples.keys()) if (!present.has(name)) this.#samples.delete(name);
    for (const { service, cpu_percent: cpuPercent, rss_bytes: rssBytes } of rows) {
      const samples = this.#samples.get(service) ?? [];
      samples.push({ cpuPercent, rssBytes });
      if (samples.length > this.#most) samples.shift();
      this.#samples.set(service, samples);
    }
  }

  /** Oldest first. */
  of(service: string): readonly UseSample[] {
    return this.#samples.get(service) ?? [];
  }
}

/** Values as a line of bars, the latest at the right; the scale is from 0 to the largest, or to `least` when all are smaller. */
export function sparkline(values: readonly number[], width: number, least: number): string {
  const shown = values.slice(-width);
  const top = Math.max(least, ...shown);
  return shown.map((value) => bars[Math.min(bars.length - 1, Math.floor((value / top) * bars.length))] ?? " ").join("");
}

const bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
