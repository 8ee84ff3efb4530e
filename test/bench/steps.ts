import { Database } from "bun:sqlite";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Daemon } from "../support/index.ts";
import { Dbos } from "./steps/dbos.ts";
import type { Bench } from "./support/bench.ts";
import { askedRow, type Measure, peerRow, plainRow, type Row } from "./support/row.ts";
import { percentile } from "./support/statistics.ts";

/** Steps one after the other, in runs of this many: as an agent's are. */
const stepsPerRun = 100;

const service = `
import { defineService } from "solo";
const value = { name: "x".repeat(80), count: 7 };
export default defineService({
  async fetch(request, ctx) {
    const count = Number(new URL(request.url).searchParams.get("count"));
    const effects = new URL(request.url).pathname === "/effect";
    const times = [];
    await ctx.run(crypto.randomUUID(), async (run) => {
      for (let n = 0; n < count; n++) {
        const began = performance.now();
        if (effects) await run.effect("effect-" + n, async () => value);
        else await run.step("step-" + n, async () => value);
        times.push(performance.now() - began);
      }
    });
    return Response.json(times);
  },
});
`;

export const steps: Bench = {
  name: "steps",
  summary:
    "Durable steps one after the other in one process, each returning 100 bytes and acknowledged after its sync: `ctx.step` in a service of the built binary, beside a table of steps in SQLite (WAL, synchronous=FULL) and beside DBOS 5.3 on PostgreSQL with its default settings. What the disk itself takes is an append of 200 bytes and its fdatasync.",
  peers: [],
  async run({ quick, note }) {
    const runs = quick ? 3 : 9;
    const folder = mkdtempSync(join(tmpdir(), "solo-bench-steps-"));
    await using daemon = await Daemon.start();
    await using dbos = await Dbos.start();
    try {
      await daemon.deploy({ steps: daemon.module("steps.ts", service) });
      const solo = (path: string) => async () => {
        const response = await daemon.env.fetch("steps", `/${path}?count=${stepsPerRun}`);
        return numbers(await response.json());
      };
      await solo("step")();
      note("in turns");
      const [sync, step, effect, sqlite, other] = await inTurns(runs, [
        async () => syncTimes(folder),
        solo("step"),
        solo("effect"),
        async () => sqliteTimes(folder),
        ...(dbos === undefined ? [] : [() => dbos.times(stepsPerRun)]),
      ]);
      if (sync === undefined || step === undefined || effect === undefined || sqlite === undefined) return [];
      return rowsOf({ sync, step, effect, sqlite, dbos: other, runs });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** What is told apart at all. */
const shortestMs = 0.001;

interface Figures {
  readonly sync: readonly number[];
  readonly step: readonly number[];
  readonly effect: readonly number[];
  readonly sqlite: readonly number[];
  readonly dbos: readonly number[] | undefined;
  readonly runs: number;
}

function rowsOf({ sync, step, effect, sqlite, dbos, runs }: Figures): Row[] {
  const measure = (name: string): Measure => ({ name, unit: "ms", better: "lower" });
  // Where the sync beside it took longer, the machine was busy meanwhile, and the step can't be told from it.
  const overhead = step.map((ms, index) => Math.max(shortestMs, ms - (sync[index] ?? 0)));
  const p50 = (values: readonly number[]) => percentile(values, 50);
  return [
    plainRow(measure("append and fdatasync, p50"), p50(sync), runs),
    askedRow(measure("step beyond the sync, p50"), p50(overhead), 1, runs),
    peerRow(measure("step, p50"), step, { name: "SQLite, a row each", values: sqlite }),
    ...(dbos === undefined ? [] : [peerRow(measure("step, p50"), step, { name: "DBOS", values: dbos, wanted: 1 })]),
    plainRow(measure("effect, which syncs twice, p50"), p50(effect), runs),
  ];
}

/** The median of each, run by run in turns, so that all meet the same machine. */
async function inTurns(runs: number, measured: readonly (() => Promise<number[]>)[]): Promise<number[][]> {
  const medians: number[][] = measured.map(() => []);
  for (let run = 0; run < runs; run++) {
    for (const [index, times] of measured.entries()) medians[index]?.push(percentile(await times(), 50));
  }
  return medians;
}

function syncTimes(folder: string): number[] {
  const file = openSync(join(folder, "sync"), "a");
  const bytes = new Uint8Array(200).fill(120);
  try {
    return timed(() => {
      writeSync(file, bytes);
      fdatasyncSync(file);
    });
  } finally {
    closeSync(file);
  }
}

/** What one would write by hand: look whether the step is there, do it, keep its result. */
function sqliteTimes(folder: string): number[] {
  const database = new Database(join(folder, `${crypto.randomUUID()}.db`));
  database.run("PRAGMA journal_mode = WAL");
  database.run("PRAGMA synchronous = FULL");
  database.run("CREATE TABLE steps (run TEXT, id TEXT, result TEXT, PRIMARY KEY (run, id)) WITHOUT ROWID");
  const find = database.query("SELECT result FROM steps WHERE run = ? AND id = ?");
  const keep = database.query("INSERT INTO steps (run, id, result) VALUES (?, ?, ?)");
  const result = JSON.stringify({ name: "x".repeat(80), count: 7 });
  let count = 0;
  try {
    return timed(() => {
      const id = `step-${count++}`;
      if (find.get("run", id) === null) keep.run("run", id, result);
    });
  } finally {
    database.close();
  }
}

function timed(act: () => void): number[] {
  return Array.from({ length: stepsPerRun }, () => {
    const began = performance.now();
    act();
    return performance.now() - began;
  });
}

function numbers(value: unknown): number[] {
  if (!Array.isArray(value)) throw new Error(`expected times, got ${JSON.stringify(value)}`);
  return value.map(Number);
}
