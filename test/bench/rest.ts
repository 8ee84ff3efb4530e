import { z } from "zod";
import { healthDocumentSchema } from "../../src/api/index.ts";
import { freePort, type SoloEnv, soloEnv } from "../support/index.ts";
import { bareServer } from "./support/bare-server.ts";
import type { Bench } from "./support/bench.ts";
import { solo } from "./support/crowd.ts";
import { idleConnections } from "./support/idle-connections.ts";
import { cpuMs, residentMb } from "./support/process.ts";
import { askedRow, type Measure, peerRow, plainRow, type Row } from "./support/row.ts";
import { median, percentile } from "./support/statistics.ts";
import { steadyLoad } from "./support/steady-load.ts";
import { Supervisord } from "./support/supervisord.ts";
import { runWrk } from "./support/wrk.ts";

const wantedPerSecond = 25_000;
const wantedP99Ms = 10;
const steadyPerSecond = 1_000;
const connections = 32;
const warmReads = 50_000;
const granted = z.object({ token: z.string() });
const module = "export default { fetch: () => new Response('hi') };";
const path = "/v1/services/web";

export const rest: Bench = {
  name: "rest",
  summary:
    "Reads of a service's status through the REST API with a token, each authorized, admitted and counted: wrk with one thread on 32 connections, on the same two cores. Beside it a Bun.serve that answers a constant of the same length, and supervisord's XML-RPC (`getProcessInfo`). Then 1,000 reads a second, each measured from the moment when it was due, also while connections that say nothing are open on the REST port or on the ingress.",
  peers: ["wrk", "supervisord"],
  async run({ quick, note }) {
    const port = freePort();
    await using env = soloEnv();
    const settings = { SOLO_HTTP_PORT: String(port), SOLO_SECURITY_RATE_LIMIT_PER_CAPABILITY: "1000000" };
    (await env.run(["start"], { env: settings })).expect();
    await solo(env, "deploy", env.write("web.ts", module), "web");
    const args = ["capability", "grant", "--resource", "tenant", "--permissions", "read", "--json"];
    const { token } = (await env.run(args)).expect().json(granted);
    const { pid } = (await env.run(["health", "--json"])).expect().json(healthDocumentSchema);
    const kernel: Kernel = { env, port, pid, token };
    return [
      ...(await reads(kernel, quick ? 2 : 5, quick ? 2 : 5, note)),
      ...(await steady(kernel, quick ? 3_000 : 10_000, note)),
      ...(await idle(kernel, quick ? 2_000 : 10_000, quick ? 3_000 : 5_000, note)),
    ];
  },
};

interface Kernel {
  readonly env: SoloEnv;
  readonly port: number;
  readonly pid: number;
  readonly token: string;
}

async function reads({ env, port, pid, token }: Kernel, runs: number, seconds: number, note: (text: string) => void) {
  const url = `http://127.0.0.1:${port}${path}`;
  const headers = { Authorization: `Bearer ${token}` };
  const { length } = await (await fetch(url, { headers })).text();
  await using bare = await bareServer(200, length);
  const rpcPort = freePort();
  await using supervisord = await Supervisord.start({ web: "sleep 1000" }, rpcPort);
  const script = env.write(
    "rpc.lua",
    `request = function() return wrk.format("POST", "/RPC2", { ["Content-Type"] = "text/xml" }, [[${getInfo}]]) end`,
  );
  note("warming up");
  // Code that runs often is compiled better: on a busy machine that takes its time.
  for (let warm = 0, round = 0; warm < warmReads && round < 5; round++) {
    warm += (await runWrk(url, connections, 3, { headers })).requestsPerSecond * 3;
  }
  const [own, floor, rpc, cpuUs]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let run = 0; run < runs; run++) {
    note(`reads, run ${run + 1}`);
    const before = cpuMs(pid);
    const rate = (await runWrk(url, connections, seconds, { headers })).requestsPerSecond;
    cpuUs.push(((cpuMs(pid) - before) * 1_000) / (rate * seconds));
    own.push(rate);
    floor.push((await runWrk(bare.url, connections, seconds)).requestsPerSecond);
    rpc.push((await runWrk(supervisord.rpcUrl, 8, seconds, { script })).requestsPerSecond);
  }
  const rate = { name: `status of a service, ${connections} connections`, unit: "reads/s", better: "higher" } as const;
  return [
    askedRow(rate, median(own), wantedPerSecond, runs),
    peerRow(rate, own, { name: "Bun.serve, a constant", values: floor }),
    peerRow(rate, own, { name: "supervisord's XML-RPC", values: rpc }),
    plainRow({ name: "of the kernel's processor", unit: "µs/read", better: "lower" }, median(cpuUs), runs),
  ];
}

async function steady(kernel: Kernel, ms: number, note: (text: string) => void): Promise<Row[]> {
  note(`${steadyPerSecond} reads/s`);
  const took = await readSteadily(kernel, ms);
  const at = (percent: number): Measure => ({
    ...{ name: `at ${steadyPerSecond} reads/s, p${percent}`, unit: "ms", better: "lower" },
  });
  return [askedRow(at(99), percentile(took, 99), wantedP99Ms, 1), plainRow(at(50), percentile(took, 50), 1)];
}

async function idle(kernel: Kernel, count: number, ms: number, note: (text: string) => void): Promise<Row[]> {
  const { env, port, pid } = kernel;
  const rows: Row[] = [];
  for (const [place, target, host] of [
    ["the REST port", port, "localhost"],
    ["the ingress", env.ingressPort, `web.localhost:${env.ingressPort}`],
  ] as const) {
    note(`${count} connections to ${place}`);
    const before = residentMb(pid);
    await using connections = await idleConnections(count, target, host);
    const took = await readSteadily(kernel, ms);
    const mb = residentMb(pid) - before;
    const held = await connections.open();
    rows.push(
      askedRow({ name: `connections to ${place} that stay open`, unit: "", better: "higher" }, held, count, 1),
      askedRow(
        { name: `beside them, at ${steadyPerSecond} reads/s, p99`, unit: "ms", better: "lower" },
        percentile(took, 99),
        wantedP99Ms,
        1,
      ),
      plainRow({ name: "memory that one of them takes", unit: "kB", better: "lower" }, (mb * 1_000) / count, 1),
    );
  }
  return rows;
}

function readSteadily({ port, token }: Kernel, ms: number): Promise<number[]> {
  const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  return steadyLoad({ port, request, perSecond: steadyPerSecond, ms, connections: 16 });
}

const getInfo =
  '<?xml version="1.0"?><methodCall><methodName>supervisor.getProcessInfo</methodName><params><param><value><string>web</string></value></param></params></methodCall>';
