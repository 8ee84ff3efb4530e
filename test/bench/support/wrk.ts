export interface WrkResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000 };

/** One run of wrk with one thread. @throws when a request failed, since figures with failures in them mean nothing */
export async function runWrk(url: string, connections: number, seconds: number): Promise<WrkResult> {
  const wrk = Bun.spawn(["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "--latency", url], { stdout: "pipe" });
  const output = await new Response(wrk.stdout).text();
  if (/Non-2xx|Socket errors/.test(output)) throw new Error(`wrk saw failures at ${url}:\n${output}`);
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(output)?.[1];
  if (rate === undefined) throw new Error(`wrk printed no rate:\n${output}`);
  return { requestsPerSecond: Number(rate), p50Ms: percentile(output, 50), p99Ms: percentile(output, 99) };
}

function percentile(output: string, percent: number): number {
  const [, value, unit] = new RegExp(`${percent}%\\s+([\\d.]+)(us|ms|s)`).exec(output) ?? [];
  return Number(value) * (units[unit ?? ""] ?? Number.NaN);
}
