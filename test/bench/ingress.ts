/**
 * Requests per second of Solo's ingress and of nginx, HAProxy and Caddy as reverse proxies, each in front of the same
 * nginx, measured by wrk in alternating rounds on the same machine: `bun test/bench/ingress.ts [--rounds N] [--seconds N]`.
 * Needs nginx, haproxy, caddy and wrk (`apt-get install nginx-light haproxy caddy wrk`).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startProxies } from "./ingress-proxies.ts";
import { runWrk, type WrkResult } from "./wrk.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "2" },
    solo: { type: "string" },
  },
});

const folder = mkdtempSync(join(tmpdir(), "solo-bench-"));
const proxies = await startProxies(folder, values.solo);
try {
  const throughput = await measure(64);
  const latency = await measure(1);
  const direct = median(latency.direct?.map((run) => run.p50Ms) ?? []);
  const rows = Object.keys(throughput)
    .filter((name) => name !== "solo" && name !== "direct")
    .map((name) => throughputRow(name, throughput));
  const added = (name: string) => round(median(latency[name]?.map((run) => run.p50Ms) ?? []) - direct, 3);
  const latencyRows = Object.keys(latency)
    .filter((name) => name !== "solo" && name !== "direct")
    .map((name) => ({
      name: "added latency, p50, 1 connection",
      unit: "ms",
      better: "lower",
      solo: added("solo"),
      peer: added(name),
      peer_name: name,
      ratio: round(added(name) / added("solo"), 2),
      runs: Number(values.rounds),
    }));
  console.log(JSON.stringify({ bench: "ingress", rows: [...rows, ...latencyRows] }, null, 2));
} finally {
  await proxies.stop();
  rmSync(folder, { recursive: true, force: true });
}

type Runs = Record<string, WrkResult[]>;

/** Alternating, so that whatever else the machine does meets all of them alike. */
async function measure(connections: number): Promise<Runs> {
  const runs: Runs = {};
  for (let turn = 0; turn < Number(values.rounds); turn++) {
    for (const [name, port] of Object.entries(proxies.ports)) {
      const result = await runWrk(`http://127.0.0.1:${port}/`, connections, Number(values.seconds));
      (runs[name] ??= []).push(result);
    }
  }
  return runs;
}

function throughputRow(peer: string, runs: Runs) {
  const solo = runs.solo ?? [];
  const other = runs[peer] ?? [];
  const ratios = solo.map((run, i) => run.requestsPerSecond / (other[i]?.requestsPerSecond ?? Number.NaN));
  return {
    name: "reverse proxy, 64 connections",
    unit: "requests/s",
    better: "higher",
    solo: Math.round(median(solo.map((run) => run.requestsPerSecond))),
    peer: Math.round(median(other.map((run) => run.requestsPerSecond))),
    peer_name: peer,
    ratio: round(median(ratios), 2),
    runs: solo.length,
  };
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] ?? high)) / 2;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
