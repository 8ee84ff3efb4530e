import { Database } from "bun:sqlite";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DurableLog, openLog } from "../../src/store/log/index.ts";
import type { Bench } from "./support/bench.ts";
import { peerRow, type Row } from "./support/row.ts";

const entry = new Uint8Array(100).fill(120);
/** What an entry of 100 bytes takes in the log. */
const entryOnDisk = 120;
/** The share of the disk's own limit that is asked for, where the disk is what limits. */
const wantedOfDisk = 0.7;

export const durableLog: Bench = {
  name: "durable-log",
  summary:
    "Appends of 100 bytes to the durable log, each acknowledged after its sync, by 1, 64 and 1,024 clients at a time: beside the disk's own limit, which is as many bytes written to a file and synced at once, and SQLite (`bun:sqlite`, WAL, synchronous=FULL) with as many inserts in each transaction. Then a million appends with one commit at the end, and a scan of them.",
  peers: [],
  async run({ quick, note }) {
    const runs = quick ? 1 : 5;
    const roundMs = quick ? 200 : 400;
    const entries = quick ? 200_000 : 1_000_000;
    const folder = mkdtempSync(join(tmpdir(), "solo-bench-log-"));
    try {
      const rows: Row[] = [];
      for (const clients of [1, 64, 1_024]) {
        note(`${clients} in flight`);
        rows.push(...(await durableRows(folder, clients, runs, roundMs)));
      }
      note("in bulk");
      return [...rows, ...(await bulkRows(folder, entries, runs))];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function durableRows(folder: string, clients: number, runs: number, roundMs: number): Promise<Row[]> {
  const solo: number[] = [];
  const disk: number[] = [];
  const sqlite: number[] = [];
  for (let run = 0; run < runs; run++) {
    solo.push(await durableAppends(folder, clients, roundMs));
    disk.push(rawGroups(folder, clients, roundMs));
    sqlite.push(sqliteGroups(folder, clients, roundMs));
  }
  const measure = { name: `durable appends, ${clients} in flight`, unit: "entries/s", better: "higher" } as const;
  // With a thousand in flight a fast disk takes them quicker than one thread can wake so many clients.
  const limit = clients < 1_024 ? { wanted: wantedOfDisk } : {};
  return [
    peerRow(measure, solo, { name: "write + fdatasync", values: disk, ...limit }),
    peerRow(measure, solo, { name: "SQLite", values: sqlite, wanted: 1 }),
  ];
}

/** Each client appends, waits until its entry is durable, and appends again. */
function durableAppends(folder: string, clients: number, roundMs: number): Promise<number> {
  return withLog(folder, async (log) => {
    let done = 0;
    let isOver = false;
    const started = performance.now();
    setTimeout(() => (isOver = true), roundMs);
    const client = async () => {
      while (!isOver) {
        await log.waitForCommit(log.append(entry));
        done++;
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
    return perSecond(done, started);
  });
}

function rawGroups(folder: string, size: number, roundMs: number): number {
  const file = openSync(join(folder, "raw"), "w");
  const group = new Uint8Array(size * entryOnDisk).fill(120);
  let done = 0;
  const started = performance.now();
  while (performance.now() - started < roundMs) {
    writeSync(file, group);
    fdatasyncSync(file);
    done += size;
  }
  closeSync(file);
  return perSecond(done, started);
}

function sqliteGroups(folder: string, size: number, roundMs: number): number {
  const path = join(folder, "sqlite");
  const database = new Database(path);
  database.run("PRAGMA journal_mode = WAL");
  database.run("PRAGMA synchronous = FULL");
  database.run("CREATE TABLE log (id INTEGER PRIMARY KEY, payload BLOB)");
  const insert = database.query("INSERT INTO log (payload) VALUES (?)");
  const insertAll = database.transaction(() => {
    for (let count = 0; count < size; count++) insert.run(entry);
  });
  let done = 0;
  const started = performance.now();
  while (performance.now() - started < roundMs) {
    insertAll();
    done += size;
  }
  const result = perSecond(done, started);
  database.close();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
  return result;
}

async function bulkRows(folder: string, entries: number, runs: number): Promise<Row[]> {
  const append = { solo: [] as number[], disk: [] as number[] };
  const scan = { solo: [] as number[], disk: [] as number[] };
  for (let run = 0; run < runs; run++) {
    await withLog(folder, async (log) => {
      append.solo.push(await appendAll(log, entries));
      scan.solo.push(await scanAll(log, entries));
    });
    const raw = rawBulk(folder, entries);
    append.disk.push(raw.written);
    scan.disk.push(raw.read);
  }
  const base = { unit: "entries/s", better: "higher" } as const;
  return [
    peerRow({ ...base, name: "appends, one commit at the end" }, append.solo, {
      name: "writes of 1 MiB + fdatasync",
      values: append.disk,
    }),
    peerRow({ ...base, name: "scan, every entry verified" }, scan.solo, { name: "reads of 1 MiB", values: scan.disk }),
  ];
}

async function appendAll(log: DurableLog, entries: number): Promise<number> {
  const started = performance.now();
  for (let count = 0; count < entries; count++) {
    if (count % 1_024 === 0 && log.stats().bufferedBytes > 24 * 2 ** 20) await log.waitForRoom();
    log.append(entry);
  }
  await log.commit();
  return perSecond(entries, started);
}

async function scanAll(log: DurableLog, entries: number): Promise<number> {
  const started = performance.now();
  let found = 0;
  for await (const page of log.scanPages()) for (const { payload } of page) found += payload.length / entry.length;
  if (found !== entries) throw new Error(`the scan found ${found} entries of ${entries}`);
  return perSecond(entries, started);
}

/** The same bytes without any log. */
function rawBulk(folder: string, entries: number): { written: number; read: number } {
  const file = openSync(join(folder, "raw"), "w+");
  const step = new Uint8Array(2 ** 20).fill(1);
  const total = entries * entryOnDisk;
  let started = performance.now();
  for (let at = 0; at < total; at += step.length) writeSync(file, step);
  fdatasyncSync(file);
  const written = perSecond(entries, started);
  started = performance.now();
  for (let at = 0; at < total; at += step.length) readSync(file, step, 0, step.length, at);
  const read = perSecond(entries, started);
  closeSync(file);
  return { written, read };
}

async function withLog<T>(folder: string, use: (log: DurableLog) => Promise<T>): Promise<T> {
  const path = join(folder, "log");
  const log = await openLog(path);
  try {
    return await use(log);
  } finally {
    await log.close();
    rmSync(path, { recursive: true, force: true });
  }
}

function perSecond(count: number, started: number): number {
  return (count * 1_000) / (performance.now() - started);
}
