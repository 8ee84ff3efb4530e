import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { KeyValueStore } from "../../../src/store/index.ts";
import { peerRow, type Row } from "../support/row.ts";
import type { OpenEngine } from "../support/stores/engine.ts";
import { level } from "../support/stores/level.ts";
import { lmdb } from "../support/stores/lmdb.ts";
import { rocks } from "../support/stores/rocks.ts";
import { sqlite } from "../support/stores/sqlite.ts";

const value = new Uint8Array(100).fill(120);
const keys = Array.from(
  { length: 100_000 },
  (_, index) => `user${String((index * 7_919) % 100_000).padStart(20, "0")}`,
);
/** What a put and a commit take in the log. */
const putBytes = 152;
const commitBytes = 96;
const roundMs = 500;
/** The share of the disk's own limit that is asked for. */
const wantedOfDisk = 0.7;
const peers: readonly OpenEngine[] = [sqlite, lmdb, level, rocks];

/** Who has the puts in flight: as many clients with one each, or one with all, as a transaction of a peer has. */
export type From = "clients" | "one";

/**
 * Puts that are acknowledged after their sync, beside as many in each synced transaction of the peers. Those that wait at the
 * same time wait for the same promise, so one caller of many waits once for each group of them.
 */
export async function durablePuts(folder: string, inFlight: number, runs: number, from: From): Promise<Row[]> {
  const solo: number[] = [];
  const disk: number[] = [];
  const others: Record<string, number[]> = {};
  for (let run = 0; run < runs; run++) {
    solo.push(await inFolder(folder, (own) => soloPuts(own, from === "one" ? callerOf(inFlight) : clients(inFlight))));
    disk.push(await inFolder(folder, (own) => rawAppends(own, inFlight)));
    for (const open of peers) {
      const [name, rate] = await inFolder(folder, (own) => peerPuts(own, open, inFlight));
      (others[name] ??= []).push(rate);
    }
  }
  const name = `durable puts, ${inFlight} in flight${from === "one" ? ", one caller" : ""}`;
  const measure = { name, unit: "puts/s", better: "higher" } as const;
  return [
    peerRow(measure, solo, { name: "append + fdatasync", values: disk, wanted: wantedOfDisk }),
    ...Object.entries(others).map(([name, values]) =>
      peerRow(measure, solo, { name, values, wanted: inFlight < 1_024 ? 1 : 2 }),
    ),
  ];
}

async function inFolder<T>(folder: string, work: (own: string) => Promise<T>): Promise<T> {
  const own = mkdtempSync(join(folder, "durable-"));
  try {
    return await work(own);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

interface Span {
  done: number;
  isOver: boolean;
}

type Puts = (store: KeyValueStore, span: Span) => Promise<unknown>;

/** Each client puts, waits until that is durable, and puts again. */
function clients(count: number): Puts {
  const client = async (store: KeyValueStore, span: Span) => {
    while (!span.isOver) await store.put(keys[span.done++ % keys.length] ?? "", value);
  };
  return (store, span) => Promise.all(Array.from({ length: count }, () => client(store, span)));
}

/** One caller puts so many, waits until all of them are durable, and goes on. */
function callerOf(count: number): Puts {
  return async (store, span) => {
    const waits = new Set<Promise<void>>();
    while (!span.isOver) {
      for (let put = 0; put < count; put++) {
        const durable = store.put(keys[span.done++ % keys.length] ?? "", value);
        if (durable !== undefined) waits.add(durable);
      }
      await Promise.all(waits);
      waits.clear();
    }
  };
}

async function soloPuts(folder: string, puts: Puts): Promise<number> {
  const store = await KeyValueStore.open(folder, { durability: "sync" });
  const span: Span = { done: 0, isOver: false };
  const started = performance.now();
  setTimeout(() => (span.isOver = true), roundMs);
  await puts(store, span);
  const rate = perSecond(span.done, started);
  await store.close();
  return rate;
}

async function peerPuts(folder: string, open: OpenEngine, size: number): Promise<[name: string, rate: number]> {
  const engine = await open(folder, { durable: true, cacheBytes: 2 ** 28 });
  let done = 0;
  const started = performance.now();
  for (; performance.now() - started < roundMs; done += size) {
    await engine.putMany(group(done, size), value);
  }
  const rate = perSecond(done, started);
  await engine.close();
  return [engine.name, rate];
}

function group(from: number, size: number): string[] {
  return Array.from({ length: size }, (_, index) => keys[(from + index) % keys.length] ?? "");
}

async function rawAppends(folder: string, size: number): Promise<number> {
  const file = openSync(join(folder, "raw"), "w");
  const bytes = new Uint8Array(size * putBytes + commitBytes).fill(120);
  let done = 0;
  const started = performance.now();
  for (; performance.now() - started < roundMs; done += size) {
    writeSync(file, bytes);
    fdatasyncSync(file);
  }
  closeSync(file);
  return perSecond(done, started);
}

function perSecond(count: number, started: number): number {
  return (count / (performance.now() - started)) * 1_000;
}
