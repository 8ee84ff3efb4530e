import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeyValueStore } from "../../src/store/index.ts";
import type { Bench } from "./support/bench.ts";
import { askedRow, peerRow, plainRow, type Row } from "./support/row.ts";
import { median } from "./support/statistics.ts";
import { type StoreEngine, solo, storePeers } from "./support/store-engines.ts";
import { type Workload, workload, writeShare } from "./support/ycsb.ts";

const value = new Uint8Array(100).fill(120);

export const store: Bench = {
  name: "store",
  summary:
    "YCSB load, A, B, C and F on 1,000,000 records with keys of 24 and values of 100 bytes, zipfian (0.99) and uniform, one thread, in memory, nobody syncing; puts that are acknowledged after their sync; a snapshot while A runs; opening again.",
  peers: [],
  async run({ quick, note }) {
    const records = quick ? 100_000 : 1_000_000;
    const runs = quick ? 1 : 5;
    const folder = mkdtempSync(join(tmpdir(), "solo-bench-store-"));
    try {
      const rows: Row[] = [];
      for (const distribution of ["zipfian", "uniform"] as const) {
        note(distribution);
        rows.push(...(await inMemory(folder, workload(records, records, distribution), distribution, runs)));
      }
      note("durable puts");
      for (const clients of [1, 64, 1_024]) rows.push(await durable(folder, clients, runs));
      note("a snapshot under load, and opening again");
      return [...rows, ...(await snapshot(folder, workload(records, records, "zipfian")))];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

type Figures = Record<string, Record<string, number[]>>;

async function inMemory(folder: string, load: Workload, distribution: string, runs: number): Promise<Row[]> {
  const figures: Figures = {};
  for (let run = 0; run < runs; run++) {
    for (const open of [solo, ...(await storePeers())]) {
      const own = mkdtempSync(join(folder, "run-"));
      const engine = await open(own);
      for (const [name, rate] of await ycsb(engine, load)) ((figures[name] ??= {})[engine.name] ??= []).push(rate);
      await engine.close();
      rmSync(own, { recursive: true, force: true });
    }
  }
  return Object.entries(figures).flatMap(([name, engines]) => {
    const measure = { name: `${name}, ${distribution}`, unit: "operations/s", better: "higher" } as const;
    return Object.entries(engines)
      .filter(([peer]) => peer !== "solo")
      .map(([peer, values]) =>
        peerRow(measure, engines.solo ?? [], { name: peer, values, wanted: wanted(name, peer) }),
      );
  });
}

/** How many times ahead of each peer the store is asked to be. */
function wanted(name: string, peer: string): number {
  if (peer === "LevelDB") return name === "load" ? 1 : 5;
  return { A: 5, F: 5, B: 3, C: 3 }[name] ?? 1;
}

async function ycsb(engine: StoreEngine, load: Workload): Promise<[name: string, rate: number][]> {
  const rates: [string, number][] = [];
  const timed = async (name: string, count: number, work: () => Promise<void>) => {
    const started = performance.now();
    await work();
    rates.push([name, (count / (performance.now() - started)) * 1_000]);
  };
  await timed("load", load.keys.length, async () => {
    for (const key of load.keys) {
      const waits = engine.put(key, value);
      if (waits instanceof Promise) await waits;
    }
  });
  for (const [name, share] of Object.entries(writeShare)) {
    await timed(name, load.picks.length, () => operate(engine, load, share, name === "F"));
  }
  return rates;
}

async function operate(
  engine: StoreEngine,
  { keys, picks, dice }: Workload,
  share: number,
  modify: boolean,
): Promise<void> {
  for (let index = 0; index < picks.length; index++) {
    const key = keys[picks[index] ?? 0] ?? "";
    const writes = (dice[index] ?? 0) < share;
    if (!writes || modify) {
      const found = engine.get(key);
      if (found instanceof Promise) await found;
    }
    if (!writes) continue;
    const waits = engine.put(key, value);
    if (waits instanceof Promise) await waits;
  }
}

async function durable(folder: string, clients: number, runs: number): Promise<Row> {
  const rates: number[] = [];
  for (let run = 0; run < runs; run++) {
    const own = mkdtempSync(join(folder, "durable-"));
    const opened = await KeyValueStore.open(own, { durability: "sync" });
    const started = performance.now();
    let done = 0;
    const client = async (number: number) => {
      for (; performance.now() - started < 500; done++)
        await opened.put(`key-${(done * 7_919 + number) % 100_000}`, value);
    };
    await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
    rates.push((done / (performance.now() - started)) * 1_000);
    await opened.close();
    rmSync(own, { recursive: true, force: true });
  }
  const name = `durable puts, ${clients} in flight`;
  return plainRow({ name, unit: "puts/s", better: "higher" }, median(rates), runs);
}

/** Operations between two turns of the event loop. */
const operationsPerTurn = 500;

async function snapshot(folder: string, { keys, picks, dice }: Workload): Promise<Row[]> {
  const own = join(folder, "snapshot");
  const options = { durability: "checkpoint", memoryBytes: 2 ** 30 } as const;
  const opened = await KeyValueStore.open(own, options);
  for (const key of keys) await opened.put(key, value);
  let isOver = false;
  let longest = 0;
  let count = 0;
  const started = performance.now();
  const taken = opened.checkpoint({ parts: "log", method: "snapshot" }).finally(() => (isOver = true));
  for (let last = started; !isOver; ) {
    for (let turn = 0; turn < operationsPerTurn; turn++, count++) {
      const key = keys[picks[count % picks.length] ?? 0] ?? "";
      if ((dice[count % dice.length] ?? 0) < 50) await opened.put(key, value);
      else opened.get(key);
    }
    await new Promise<void>((resolve) => void setImmediate(resolve));
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }
  const { bytes } = await taken;
  const took = performance.now() - started;
  await opened.close();
  const reopened = performance.now();
  const again = await KeyValueStore.open(own, options);
  const recovery = performance.now() - reopened;
  const size = again.stats().tail / 1e6;
  await again.close();
  const unit = (name: string, unit: string, better: "higher" | "lower") => ({ name, unit, better }) as const;
  return [
    plainRow(unit("snapshot under load", "MB/s", "higher"), bytes / 1e3 / took, 1),
    plainRow(unit("YCSB A while a snapshot is taken", "operations/s", "higher"), (count / took) * 1_000, 1),
    askedRow(unit("snapshot under load, longest turn of the event loop", "ms", "lower"), longest, 5, 1),
    askedRow(unit("opening again, index rebuilt", "MB/s", "higher"), (size / recovery) * 1_000, 500, 1),
  ];
}
