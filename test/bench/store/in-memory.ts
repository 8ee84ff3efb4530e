import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { peerRow, type Row } from "../support/row.ts";
import { type OpenEngine, type StoreEngine, window } from "../support/stores/engine.ts";
import { level } from "../support/stores/level.ts";
import { lmdb } from "../support/stores/lmdb.ts";
import { redis } from "../support/stores/redis.ts";
import { rocks } from "../support/stores/rocks.ts";
import { solo } from "../support/stores/solo.ts";
import { sqlite } from "../support/stores/sqlite.ts";
import { type Workload, writeShare } from "../support/ycsb.ts";

const value = new Uint8Array(100).fill(120);
const engines: readonly OpenEngine[] = [solo, sqlite, lmdb, level, rocks, redis];
/** All data fits. */
const cacheBytes = 2 ** 28;
/** A workload is over after all of its operations, or after this time. */
const longestMs = 1_000;
const perLook = 2_000;

type Figures = Record<string, Record<string, number[]>>;

/** YCSB on every engine in turn, so many times over. */
export async function inMemory(folder: string, load: Workload, distribution: string, runs: number): Promise<Row[]> {
  const figures: Figures = {};
  for (let run = 0; run < runs; run++) {
    for (const open of engines) {
      const own = mkdtempSync(join(folder, "run-"));
      const engine = await open(own, { durable: false, cacheBytes });
      for (const [name, rate] of await ycsb(engine, load)) ((figures[name] ??= {})[engine.name] ??= []).push(rate);
      await engine.close();
      rmSync(own, { recursive: true, force: true });
      Bun.gc(true);
    }
  }
  return Object.entries(figures).flatMap(([name, { solo: own = [], ...peers }]) => {
    const measure = { name: `${name}, ${distribution}`, unit: "operations/s", better: "higher" } as const;
    return Object.entries(peers).map(([peer, values]) =>
      peerRow(measure, own, { name: peer, values, wanted: wanted(name, peer) }),
    );
  });
}

/** How many times ahead of each peer the store is asked to be. */
function wanted(name: string, peer: string): number {
  if (peer !== "SQLite" && peer !== "LMDB") return 5;
  return { A: 5, F: 5, B: 3, C: 3 }[name] ?? 1;
}

async function ycsb(engine: StoreEngine, load: Workload): Promise<[name: string, rate: number][]> {
  const rates: [string, number][] = [["load", await rateOf(load.keys.length, putAll(engine, load), Infinity)]];
  for (const [name, share] of Object.entries(writeShare)) {
    rates.push([name, await rateOf(load.picks.length, operation(engine, load, share, name === "F"), longestMs)]);
  }
  return rates;
}

type Step = (index: number) => unknown;

function putAll(engine: StoreEngine, { keys }: Workload): Step {
  return (index) => engine.put(keys[index] ?? "", value);
}

function operation(engine: StoreEngine, { keys, picks, dice }: Workload, share: number, modify: boolean): Step {
  return (index) => {
    const key = keys[picks[index] ?? 0] ?? "";
    if ((dice[index] ?? 0) >= share) return engine.get(key);
    return modify ? engine.update(key, value) : engine.put(key, value);
  };
}

/** Operations per second. Those that return promises are awaited {@link window} at a time. */
async function rateOf(count: number, step: Step, limitMs: number): Promise<number> {
  const started = performance.now();
  let waiting: Promise<unknown>[] = [];
  let done = 0;
  while (done < count) {
    const waits = step(done++);
    if (waits instanceof Promise && waiting.push(waits) === window) {
      await Promise.all(waiting);
      waiting = [];
    }
    if (done % perLook === 0 && performance.now() - started > limitMs) break;
  }
  await Promise.all(waiting);
  return (done / (performance.now() - started)) * 1_000;
}
