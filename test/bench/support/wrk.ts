export interface WrkResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000 };

export interface WrkOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** A program in Lua, by its path. */
  readonly script?: string;
  /** Every answer has to be a refusal. */
  readonly refused?: boolean;
}

/** One run of wrk with one thread. @throws when a request failed, since figures with failures in them mean nothing */
export async function runWrk(
  url: string,
  connections: number,
  seconds: number,
  { headers = {}, script, refused = false }: WrkOptions = {},
): Promise<WrkResult> {
  const fields = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const flags = ["-t1", `-c${connections}`, `-d${seconds}s`, "--latency", ...fields];
  const wrk = Bun.spawn(["wrk", ...flags, ...(script === undefined ? [] : ["-s", script]), url], { stdout: "pipe" });
  const output = await new Response(wrk.stdout).text();
  const all = Number(/(\d+) requests in/.exec(output)?.[1]);
  const others = Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0);
  // Those that were under way at the end are not among the requests.
  const isAsWanted = refused ? others >= all : others === 0;
  if (!isAsWanted || /Socket errors/.test(output)) throw new Error(`wrk saw failures at ${url}:\n${output}`);
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(output)?.[1];
  if (rate === undefined) throw new Error(`wrk printed no rate:\n${output}`);
  return { requestsPerSecond: Number(rate), p50Ms: percentile(output, 50), p99Ms: percentile(output, 99) };
}

function percentile(output: string, percent: number): number {
  const [, value, unit] = new RegExp(`${percent}%\\s+([\\d.]+)(us|ms|s)`).exec(output) ?? [];
  return Number(value) * (units[unit ?? ""] ?? Number.NaN);
}
