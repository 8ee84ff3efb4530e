import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { KeyValueStore } from "../../../src/store/index.ts";
import { peerRow, type Row } from "../support/row.ts";
import type { EngineOptions, Found, OpenEngine, StoreEngine } from "../support/stores/engine.ts";
import { window } from "../support/stores/engine.ts";
import { level } from "../support/stores/level.ts";
import { rocks } from "../support/stores/rocks.ts";
import type { Workload } from "../support/ycsb.ts";

const value = new Uint8Array(100).fill(120);
const mib = 2 ** 20;
const readCacheBytes = mib;
const mostReads = 250_000;

/** Reads of data of which a tenth fits into the engine's memory; the rest is in files, and in the page cache. */
export async function coldReads(folder: string, load: Workload, distribution: string, runs: number): Promise<Row[]> {
  const tenth = Math.max(2 * mib, (load.keys.length * 124) / 10);
  const figures: Record<string, number[]> = {};
  const opened: StoreEngine[] = [];
  for (const open of [coldSolo, level, rocks] satisfies OpenEngine[]) {
    const own = mkdtempSync(join(folder, "cold-"));
    const engine = await open(own, { durable: false, cacheBytes: tenth });
    opened.push(engine);
    await fill(engine, load);
  }
  for (let run = 0; run < runs; run++) {
    for (const engine of opened) (figures[engine.name] ??= []).push(await readAll(engine, load));
  }
  for (const engine of opened) await engine.close();
  rmSync(folder, { recursive: true, force: true });
  const { solo: own = [], ...peers } = figures;
  const name = `reads with 10 % in memory, ${distribution}`;
  const measure = { name, unit: "reads/s", better: "higher" } as const;
  return Object.entries(peers).map(([peer, values]) => peerRow(measure, own, { name: peer, values, wanted: 1 }));
}

async function coldSolo(folder: string, { cacheBytes }: EngineOptions): Promise<StoreEngine> {
  const memoryBytes = 2 ** Math.floor(Math.log2(cacheBytes - readCacheBytes));
  const options = { durability: "checkpoint", memoryBytes, pageBytes: mib / 4, readCacheBytes } as const;
  const store = await KeyValueStore.open(folder, options);
  return {
    name: "solo",
    get: (key) => store.get(key),
    put: (key, bytes) => store.put(key, bytes),
    update: (key, bytes) => store.update(key, () => bytes),
    close: () => store.close(),
  };
}

async function fill(engine: StoreEngine, { keys }: Workload): Promise<void> {
  let waiting: Promise<unknown>[] = [];
  for (const key of keys) {
    const waits = engine.put(key, value);
    if (!(waits instanceof Promise) || waiting.push(waits) < window) continue;
    await Promise.all(waiting);
    waiting = [];
  }
  await Promise.all(waiting);
}

async function readAll(engine: StoreEngine, { keys, picks: all }: Workload): Promise<number> {
  const picks = all.subarray(0, mostReads);
  const started = performance.now();
  let waiting: Promise<Found>[] = [];
  for (const pick of picks) {
    const found = engine.get(keys[pick] ?? "");
    if (found instanceof Promise) {
      if (waiting.push(found) < window) continue;
      for (const each of await Promise.all(waiting)) mustBeThere(each);
      waiting = [];
    } else mustBeThere(found);
  }
  for (const each of await Promise.all(waiting)) mustBeThere(each);
  return (picks.length / (performance.now() - started)) * 1_000;
}

function mustBeThere(found: Found): void {
  if (found?.length !== value.length) throw new Error("a record that was put isn't there");
}
