import { freePort, type SoloEnv, soloEnv } from "../support/index.ts";
import { untilAnswers } from "./support/answers.ts";
import type { Bench } from "./support/bench.ts";
import { solo } from "./support/crowd.ts";
import { startProxies, upstreamCommand } from "./support/ingress-proxies.ts";
import { askedRow, peerRow, plainRow, type Row } from "./support/row.ts";
import { median } from "./support/statistics.ts";
import { runWrk } from "./support/wrk.ts";

/** The least ratio of throughputs that is asked for. */
const wanted = { nginx: 1, haproxy: 1, caddy: 3 } as const;
const wantedAddedMs = 0.2;
const peers = ["nginx", "haproxy", "caddy"] as const;
const names = ["direct", "solo", ...peers] as const;
const connections = 64;

type Name = (typeof names)[number];
type Ports = Readonly<Record<Name, number>>;
type Figures = Record<Name, number[]>;

export const ingress: Bench = {
  name: "ingress",
  summary: `The kernel's ingress beside nginx, HAProxy and Caddy as reverse proxies with one worker each, in front of the same nginx, which runs as a service of Solo. wrk with one thread, kept-alive connections, rounds in turn.`,
  peers: ["nginx", "haproxy", "caddy", "wrk"],
  async run({ quick, note }) {
    await using env = soloEnv();
    const direct = await startUpstream(env);
    const proxies = await startProxies(env.root, direct);
    try {
      const ports = { direct, solo: env.ingressPort, ...proxies.ports };
      const rounds = quick ? 2 : 7;
      note(`throughput with ${connections} connections`);
      const rates = await measure(ports, connections, rounds, ({ requestsPerSecond }) => requestsPerSecond);
      note("latency with 1 connection");
      const latencies = await measure(ports, 1, rounds, ({ p50Ms }) => p50Ms);
      return [...throughputRows(rates), ...latencyRows(latencies)];
    } finally {
      await proxies.stop();
    }
  },
};

async function startUpstream(env: SoloEnv): Promise<number> {
  const port = freePort();
  const folder = `${env.root}/upstream`;
  const [program = "", ...args] = upstreamCommand(folder, port);
  const flags = ["--port", String(port), "--host", "127.0.0.1", "--allow-write", folder];
  await solo(env, "deploy", program, "upstream", ...flags, "--", ...args);
  await untilAnswers(env.ingressPort);
  return port;
}

/** In turn, so that whatever else the machine does meets all of them alike. */
async function measure(
  ports: Ports,
  count: number,
  rounds: number,
  figure: (result: Awaited<ReturnType<typeof runWrk>>) => number,
): Promise<Figures> {
  const figures: Figures = { direct: [], solo: [], nginx: [], haproxy: [], caddy: [] };
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      figures[name].push(figure(await runWrk(`http://127.0.0.1:${ports[name]}/`, count, secondsPerRound)));
    }
  }
  return figures;
}

const secondsPerRound = 2;

function throughputRows(rates: Figures): Row[] {
  const measure = { name: `reverse proxy, ${connections} connections`, unit: "requests/s", better: "higher" } as const;
  return peers.map((name) => peerRow(measure, rates.solo, { name, values: rates[name], wanted: wanted[name] }));
}

function latencyRows(latencies: Figures): Row[] {
  const added = (name: Name) => latencies[name].map((value, round) => value - (latencies.direct[round] ?? Number.NaN));
  const measure = { unit: "ms", better: "lower" } as const;
  const rounds = latencies.solo.length;
  return [
    ...peers.map((name) =>
      peerRow({ ...measure, name: "latency through it, p50, 1 connection" }, latencies.solo, {
        name,
        values: latencies[name],
      }),
    ),
    plainRow({ ...measure, name: "latency without any proxy, p50" }, median(latencies.direct), rounds),
    askedRow({ ...measure, name: "latency that the ingress adds, p50" }, median(added("solo")), wantedAddedMs, rounds),
  ];
}
