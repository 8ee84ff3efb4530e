import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { peerRow, type Row } from "../support/row.ts";
import {
  type EngineOptions,
  type Found,
  fill,
  type OpenEngine,
  type StoreEngine,
  window,
} from "../support/stores/engine.ts";
import { level } from "../support/stores/level.ts";
import { rocks } from "../support/stores/rocks.ts";
import { openSolo } from "../support/stores/solo.ts";
import { keyBytes, type Workload } from "../support/ycsb.ts";

const value = new Uint8Array(100).fill(120);
const mib = 2 ** 20;
const readCacheBytes = mib;
const mostReads = 250_000;

/** Reads of data of which a tenth fits into the engine's memory; the rest is in files, and in the page cache. */
export async function coldReads(folder: string, loads: readonly Workload[], runs: number): Promise<Row[]> {
  const [first] = loads;
  if (first === undefined) return [];
  const { keys } = first;
  const tenth = Math.max(2 * mib, (keys.count * (keyBytes + value.length)) / 10);
  const opened: StoreEngine[] = [];
  for (const open of [coldSolo, level, rocks] satisfies OpenEngine[]) {
    const engine = await open(mkdtempSync(join(folder, "cold-")), { durable: false, cacheBytes: tenth });
    opened.push(engine);
    await fill(engine, keys, 0, value);
  }
  const rows: Row[] = [];
  for (const load of loads) rows.push(...(await beside(opened, load, runs)));
  for (const engine of opened) await engine.close();
  return rows;
}

async function beside(opened: readonly StoreEngine[], load: Workload, runs: number): Promise<Row[]> {
  const figures: Record<string, number[]> = {};
  for (let run = 0; run < runs; run++) {
    for (const engine of opened) (figures[engine.name] ??= []).push(await readAll(engine, load));
  }
  const { solo: own = [], ...peers } = figures;
  const name = `reads with 10 % in memory, ${load.distribution}`;
  const measure = { name, unit: "reads/s", better: "higher" } as const;
  return Object.entries(peers).map(([peer, values]) => peerRow(measure, own, { name: peer, values, wanted: 1 }));
}

async function coldSolo(folder: string, { cacheBytes }: EngineOptions): Promise<StoreEngine> {
  const memoryBytes = 2 ** Math.floor(Math.log2(cacheBytes - readCacheBytes));
  return await openSolo(folder, { memoryBytes, pageBytes: mib / 4, readCacheBytes });
}

async function readAll(engine: StoreEngine, { keys: all, picks }: Workload): Promise<number> {
  const keys = Array.from(picks.subarray(0, mostReads), (pick) => all.at(pick));
  const started = performance.now();
  let waiting: Promise<Found>[] = [];
  for (const key of keys) {
    const found = engine.get(key);
    if (found instanceof Promise) {
      if (waiting.push(found) < window) continue;
      for (const each of await Promise.all(waiting)) mustBeThere(each);
      waiting = [];
    } else mustBeThere(found);
  }
  for (const each of await Promise.all(waiting)) mustBeThere(each);
  return (keys.length / (performance.now() - started)) * 1_000;
}

function mustBeThere(found: Found): void {
  if (found?.length !== value.length) throw new Error("a record that was put isn't there");
}
