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
/** A turn of an engine is over after all operations, or after this time. */
const turnMs = 250;
/** Keys that are made before the clock goes on. */
const chunk = window * 32;

type Figures = Record<string, Record<string, number[]>>;

/** YCSB on all engines turn by turn, so many times over: what else the machine does in a run disturbs all of them alike. */
export async function inMemory(folder: string, loads: readonly Workload[], runs: number): Promise<Row[]> {
  const [first] = loads;
  if (first === undefined) return [];
  const figures: Figures = {};
  const opened: StoreEngine[] = [];
  try {
    for (let run = 1; run <= runs; run++) {
      for (const open of engines) {
        const own = mkdtempSync(join(folder, "run-"));
        const engine = await open(own, { durable: false, cacheBytes });
        const done = await turn(figures, "load", engine, loading(engine, first.keys));
        if (run === runs) {
          opened.push(engine);
          await fill(engine, first.keys, done, value);
        } else {
          await engine.close();
          rmSync(own, { recursive: true, force: true });
        }
      }
    }
    for (const load of loads) {
      for (const [name, share] of Object.entries(writeShare)) {
        const title = `${name}, ${load.distribution}`;
        for (let run = 0; run < runs; run++) {
          for (const engine of opened) await turn(figures, title, engine, operating(engine, load, share, name === "F"));
        }
      }
    }
  } finally {
    for (const engine of opened) await engine.close();
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

interface Work {
  readonly count: number;
  readonly keyOf: (index: number) => string;
  readonly step: (key: string, index: number) => unknown;
}

function loading(engine: StoreEngine, keys: Keys): Work {
  return { count: keys.count, keyOf: (index) => keys.at(index), step: (key) => engine.put(key, value) };
}

function operating(engine: StoreEngine, { keys, picks, dice }: Workload, share: number, modify: boolean): Work {
  return {
    count: picks.length,
    keyOf: (index) => keys.at(picks[index] ?? 0),
    step(key, index) {
      if ((dice[index] ?? 0) >= share) return engine.get(key);
      return modify ? engine.update(key, value) : engine.put(key, value);
    },
  };
}

/**
 * Adds the operations per second of one turn, without the making of their keys; returns how many they were. Those that
 * return promises are awaited {@link window} at a time.
 */
async function turn(figures: Figures, name: string, engine: StoreEngine, work: Work): Promise<number> {
  const { count, keyOf, step } = work;
  // Nobody collects another's garbage.
  Bun.gc(true);
  const keys: string[] = new Array(chunk).fill("");
  let waiting: Promise<unknown>[] = [];
  let done = 0;
  let tookMs = 0;
  while (done < count && tookMs < turnMs) {
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
  ((figures[name] ??= {})[engine.name] ??= []).push((done / tookMs) * 1_000);
  return done;
}
