import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { peerRow, type Row } from "../support/row.ts";
import { fill, type OpenEngine, type StoreEngine, window } from "../support/stores/engine.ts";
import { level } from "../support/stores/level.ts";
import { lmdb } from "../support/stores/lmdb.ts";
import { redis } from "../support/stores/redis.ts";
import { rocks } from "../support/stores/rocks.ts";
import { solo } from "../support/stores/solo.ts";
import { sqlite } from "../support/stores/sqlite.ts";
import { type Keys, type Workload, writeShare } from "../support/ycsb.ts";

const value = new Uint8Array(100).fill(120);
const engines: readonly OpenEngine[] = [solo, sqlite, lmdb, level, rocks, redis];
/** All data fits. */
const cacheBytes = 2 ** 28;
/** A workload is over after all of its operations, or after this time. */
const longestMs = 500;
/** Keys that are made before the clock goes on. */
const chunk = window * 32;

type Rate = readonly [name: string, perSecond: number];

/** YCSB on every engine in turn, so many times over. */
export async function inMemory(folder: string, loads: readonly Workload[], runs: number): Promise<Row[]> {
  const figures: Record<string, Record<string, number[]>> = {};
  for (let run = 0; run < runs; run++) {
    for (const open of engines) {
      const own = mkdtempSync(join(folder, "run-"));
      const engine = await open(own, { durable: false, cacheBytes });
      for (const [name, rate] of await ycsb(engine, loads)) ((figures[name] ??= {})[engine.name] ??= []).push(rate);
      await engine.close();
      rmSync(own, { recursive: true, force: true });
      Bun.gc(true);
    }
  }
  return Object.entries(figures).flatMap(([name, { solo: own = [], ...peers }]) => {
    const measure = { name, unit: "operations/s", better: "higher" } as const;
    return Object.entries(peers).map(([peer, values]) =>
      peerRow(measure, own, { name: peer, values, wanted: wanted(name, peer) }),
    );
  });
}

/** How many times ahead of each peer the store is asked to be. */
function wanted(name: string, peer: string): number {
  if (peer !== "SQLite" && peer !== "LMDB") return 5;
  return { A: 5, F: 5, B: 3, C: 3 }[name.charAt(0)] ?? 1;
}

async function ycsb(engine: StoreEngine, loads: readonly Workload[]): Promise<Rate[]> {
  const rates: Rate[] = [];
  const [first] = loads;
  if (first !== undefined) rates.push(["load", await load(engine, first.keys)]);
  for (const each of loads) {
    for (const [name, share] of Object.entries(writeShare)) {
      const { rate } = await timed(each.picks.length, ...operation(engine, each, share, name === "F"));
      rates.push([`${name}, ${each.distribution}`, rate]);
    }
  }
  return rates;
}

/** Operations per second while the store is filled one by one; what is missing after its time is put in large groups. */
async function load(engine: StoreEngine, keys: Keys): Promise<number> {
  const { rate, done } = await timed(
    keys.count,
    (index) => keys.at(index),
    (key) => engine.put(key, value),
  );
  await fill(engine, keys, done, value);
  return rate;
}

type KeyOf = (index: number) => string;
type Step = (key: string, index: number) => unknown;

function operation(
  engine: StoreEngine,
  { keys, picks, dice }: Workload,
  share: number,
  modify: boolean,
): [KeyOf, Step] {
  const step: Step = (key, index) => {
    if ((dice[index] ?? 0) >= share) return engine.get(key);
    return modify ? engine.update(key, value) : engine.put(key, value);
  };
  return [(index) => keys.at(picks[index] ?? 0), step];
}

/** Operations per second, without the making of their keys. Those that return promises are awaited {@link window} at a time. */
async function timed(count: number, keyOf: KeyOf, step: Step): Promise<{ rate: number; done: number }> {
  const keys: string[] = new Array(chunk).fill("");
  let waiting: Promise<unknown>[] = [];
  let done = 0;
  let tookMs = 0;
  while (done < count && tookMs < longestMs) {
    const size = Math.min(chunk, count - done);
    for (let at = 0; at < size; at++) keys[at] = keyOf(done + at);
    const started = performance.now();
    for (let at = 0; at < size; at++) {
      const waits = step(keys[at] ?? "", done + at);
      if (!(waits instanceof Promise) || waiting.push(waits) < window) continue;
      await Promise.all(waiting);
      waiting = [];
    }
    await Promise.all(waiting);
    waiting = [];
    tookMs += performance.now() - started;
    done += size;
  }
  return { rate: (done / tookMs) * 1_000, done };
}
