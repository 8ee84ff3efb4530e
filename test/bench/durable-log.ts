/**
 * The durable log against the disk it lies on: `bun test/bench/durable-log.ts [--rounds N] [--seconds N] [--json]`.
 *
 * Durable appends (100 bytes, each acknowledged after its sync) with 1, 64 and 1,024 in flight, and the same number of bytes
 * per group written to a growing file and synced without any log: the limit of the disk. Then appends in bulk and a scan,
 * against plain writes and reads of a file. Alternating rounds, medians. `--folder` names the disk.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type DurableLog, openLog } from "../../src/store/log/index.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "0.5" },
    folder: { type: "string", default: tmpdir() },
    json: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const roundMs = Number(values.seconds) * 1_000;
const payload = new Uint8Array(100).fill(120);
const bulkEntries = 1_000_000;
const folder = mkdtempSync(join(values.folder, "solo-log-bench-"));

interface Row {
  readonly name: string;
  readonly unit: string;
  readonly solo: readonly number[];
  readonly peer: readonly number[];
  readonly peerName: string;
}

try {
  const rows: Row[] = [];
  for (const inFlight of [1, 64, 1_024]) rows.push(await durableRow(inFlight));
  rows.push(...(await bulkRows()));
  report(rows);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function durableRow(inFlight: number): Promise<Row> {
  const solo: number[] = [];
  const peer: number[] = [];
  for (let round = 0; round < rounds; round++) {
    solo.push(await durableAppends(inFlight));
    peer.push(rawGroups(inFlight));
  }
  const name = `durable appends, ${inFlight} in flight`;
  return { name, unit: "entries/s", solo, peer, peerName: `write + fdatasync of ${inFlight} entries` };
}

/** Each of so many clients appends, waits until its entry is durable, and appends again. */
async function durableAppends(inFlight: number): Promise<number> {
  return withLog(async (log) => {
    let done = 0;
    let isOver = false;
    const started = performance.now();
    setTimeout(() => (isOver = true), roundMs);
    const client = async () => {
      while (!isOver) {
        await log.waitForCommit(log.append(payload));
        done++;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, client));
    return perSecond(done, started);
  });
}

function rawGroups(inFlight: number): number {
  const path = join(folder, "raw");
  const file = openSync(path, "w");
  const group = new Uint8Array(inFlight * 120).fill(120);
  let done = 0;
  const started = performance.now();
  while (performance.now() - started < roundMs) {
    writeSync(file, group);
    fdatasyncSync(file);
    done += inFlight;
  }
  const result = perSecond(done, started);
  closeSync(file);
  rmSync(path);
  return result;
}

async function bulkRows(): Promise<Row[]> {
  const append = { solo: [] as number[], peer: [] as number[] };
  const scan = { solo: [] as number[], peer: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    await withLog(async (log) => {
      let started = performance.now();
      for (let count = 0; count < bulkEntries; count++) {
        if (count % 1_024 === 0 && log.stats().bufferedBytes > 24 * 2 ** 20) await log.waitForRoom();
        log.append(payload);
      }
      await log.commit();
      append.solo.push(perSecond(bulkEntries, started));
      started = performance.now();
      let bytes = 0;
      for await (const entries of log.scanPages()) for (const entry of entries) bytes += entry.payload.length;
      if (bytes !== bulkEntries * payload.length) throw new Error(`the scan found ${bytes} bytes`);
      scan.solo.push(perSecond(bulkEntries, started));
    });
    const raw = rawBulk();
    append.peer.push(raw.written);
    scan.peer.push(raw.read);
  }
  const unit = "entries/s";
  return [
    {
      name: "appends in bulk, one commit at the end",
      unit,
      ...append,
      peerName: "writes of 1 MiB, fdatasync at the end",
    },
    { name: "scan of what was just written", unit, ...scan, peerName: "reads of 1 MiB" },
  ];
}

/** The same bytes without any log. */
function rawBulk(): { written: number; read: number } {
  const path = join(folder, "raw");
  const file = openSync(path, "w+");
  const step = new Uint8Array(2 ** 20).fill(1);
  const total = bulkEntries * 120;
  let started = performance.now();
  for (let at = 0; at < total; at += step.length) writeSync(file, step);
  fdatasyncSync(file);
  const written = perSecond(bulkEntries, started);
  started = performance.now();
  for (let at = 0; at < total; at += step.length) readSync(file, step, 0, step.length, at);
  const read = perSecond(bulkEntries, started);
  closeSync(file);
  rmSync(path);
  return { written, read };
}

async function withLog<T>(use: (log: DurableLog) => Promise<T>): Promise<T> {
  const path = join(folder, "log");
  const log = await openLog(path);
  try {
    return await use(log);
  } finally {
    await log.close();
    rmSync(path, { recursive: true, force: true });
  }
}

function report(rows: readonly Row[]): void {
  const table = rows.map(({ name, unit, solo, peer, peerName }) => ({
    name,
    unit,
    better: "higher",
    solo: Math.round(median(solo)),
    peer: Math.round(median(peer)),
    peer_name: peerName,
    ratio: Number(median(solo.map((value, index) => value / (peer[index] ?? Number.NaN))).toFixed(2)),
    runs: rounds,
  }));
  if (values.json) console.log(JSON.stringify({ bench: "durable-log", rows: table }));
  else console.table(table);
}

function perSecond(count: number, started: number): number {
  return (count * 1_000) / (performance.now() - started);
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] ?? high)) / 2;
}
