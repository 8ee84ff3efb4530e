import type { AgentMetrics } from "../../supervise/index.ts";

/** Names on the wire, the measures they compare, and which way round. */
const compared = [
  { name: "latency_improvement", measure: "avg_latency", sign: -1 },
  { name: "error_rate_change", measure: "error_rate", sign: 1 },
  { name: "memory_increase", measure: "memory_usage", sign: 1 },
] as const;

/** To a ten thousandth: measures are no more exact than that. */
const digits = 4;

/**
 * How an agent does after a change, as fractions of how it did before. What it gave no measure of, or had none of before, is
 * left out: nothing is known of it.
 */
export function compare(before: AgentMetrics, after: AgentMetrics): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { name, measure, sign } of compared) {
    const [was, is] = [before[measure], after[measure]];
    if (typeof was !== "number" || typeof is !== "number" || was === 0) continue;
    found[name] = Number(((sign * (is - was)) / Math.abs(was)).toFixed(digits)) || 0;
  }
  return found;
}
