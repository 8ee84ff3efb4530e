import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openState } from "../../src/state/index.ts";
import { systemClock } from "../../src/system/index.ts";
import { Daemon } from "../support/index.ts";
import type { Bench } from "./support/bench.ts";
import { askedRow, plainRow, type Row } from "./support/row.ts";
import { median } from "./support/statistics.ts";

const service = `
import { defineService } from "solo";
const value = { name: "x".repeat(80), count: 7 };
const operations = {
  set: (state, n) => state.set("key-" + (n % 10_000), value),
  async: (state, n) => state.set("key-" + (n % 10_000), value, { durability: "async" }),
  increment: (state, n) => state.increment("n-" + (n % 100)),
  get: (state, n) => state.get("key-" + (n % 10_000)),
};
export default defineService({
  async fetch(request, { state }) {
    const { searchParams, pathname } = new URL(request.url);
    const operation = operations[pathname.slice(1)];
    const clients = Number(searchParams.get("clients"));
    const until = performance.now() + Number(searchParams.get("ms"));
    const began = performance.now();
    let done = 0;
    const client = async () => { while (performance.now() < until) { await operation(state, done * 7_919); done++; } };
    await Promise.all(Array.from({ length: clients }, client));
    return Response.json(done * 1_000 / (performance.now() - began));
  },
});
`;

export const state: Bench = {
  name: "state",
  summary:
    "`ctx.state` in a service of the built binary, values of 100 bytes: writes acknowledged after their sync, and reads, by 1 and by 256 callers at a time, through the state channel to the kernel. Then the replay of a log of such entries when a state is opened.",
  peers: [],
  async run({ quick, note }) {
    const runs = quick ? 1 : 5;
    const ms = quick ? 1_000 : 2_000;
    note("through the SDK");
    const rows = await throughSdk(runs, ms);
    note("replay");
    return [...rows, await replay(quick ? 500_000 : 1_000_000, runs)];
  },
};

async function throughSdk(runs: number, ms: number): Promise<Row[]> {
  await using daemon = await Daemon.start();
  await daemon.deploy({ state: daemon.module("state.ts", service) });
  const figure = async (operation: string, clients: number) => {
    const rates: number[] = [];
    for (let run = 0; run < runs; run++) {
      const response = await daemon.env.fetch("state", `/${operation}?clients=${clients}&ms=${ms}`);
      rates.push(Number(await response.text()));
    }
    return median(rates);
  };
  const measure = (name: string) => ({ name, unit: "operations/s", better: "higher" }) as const;
  await figure("set", 256);
  return [
    plainRow(measure("set, sync, 1 in flight"), await figure("set", 1), runs),
    askedRow(measure("set, sync, 256 in flight"), await figure("set", 256), 20_000, runs),
    plainRow(measure("set, async, 256 in flight"), await figure("async", 256), runs),
    plainRow(measure("increment, sync, 256 in flight"), await figure("increment", 256), runs),
    plainRow(measure("get, 1 in flight"), await figure("get", 1), runs),
    askedRow(measure("get, 256 in flight"), await figure("get", 256), 60_000, runs),
  ];
}

async function replay(entries: number, runs: number): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), "solo-bench-state-"));
  try {
    const options = { clock: systemClock, flush_ms: 600_000, durability: "async" } as const;
    const opened = await openState(join(folder, "first"), options);
    const value = new Uint8Array(100).fill(120);
    for (let index = 0; index < entries; index++) {
      const key = `key-${(index * 7_919) % 100_000}`;
      const done = opened.commit(() => [{ op: "put", space: "data", key, value }], { origin: "bench" });
      if (index % 1_000 === 0) await done;
    }
    await opened.commit(() => [], { origin: "bench", durability: "sync" });
    cpSync(join(folder, "first"), join(folder, "copy"), { recursive: true });
    await opened.close();
    const rates: number[] = [];
    for (let run = 0; run < runs; run++) {
      cpSync(join(folder, "copy"), join(folder, `run-${run}`), { recursive: true });
      const again = await openState(join(folder, `run-${run}`), options);
      const { replayed, took_ms } = again.stats().recovery;
      if (replayed !== entries) throw new Error(`${replayed} entries of ${entries} were replayed`);
      rates.push((replayed * 1_000) / took_ms);
      await again.close();
      rmSync(join(folder, `run-${run}`), { recursive: true });
    }
    const measure = { name: "replay of the log", unit: "entries/s", better: "higher" } as const;
    return askedRow(measure, median(rates), 500_000, runs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
