import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Mutation, openState, ServiceCheckpoints, type ServiceState } from "../../src/state/index.ts";
import { systemClock } from "../../src/system/index.ts";
import type { Bench } from "./support/bench.ts";
import { askedRow, plainRow, type Row } from "./support/row.ts";
import { median } from "./support/statistics.ts";

const totalBytes = 100 * 2 ** 20;
const wantedMs = 1_000;
const wantedPauseMs = 10;
const subject = { revision: null, spec_sha256: null };

export const checkpoint: Bench = {
  name: "checkpoint",
  summary:
    "A state of 100 MiB (values of 1 KiB and of 100 bytes, half of each random) is made into a checkpoint while a writer goes on, and restored over a state that has changed in every key. Pauses are the longest time between two turns of the event loop.",
  peers: [],
  async run({ quick, note }) {
    const rows: Row[] = [];
    for (const valueBytes of [1_024, 100]) {
      note(`values of ${valueBytes} bytes`);
      rows.push(...(await measure(valueBytes, quick ? 1 : 5)));
    }
    return rows;
  },
};

async function measure(valueBytes: number, runs: number): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "solo-bench-checkpoint-"));
  try {
    const state = await openState(join(folder, "state"), {
      clock: systemClock,
      flush_ms: 3_600_000,
      durability: "async",
    });
    const checkpoints = new ServiceCheckpoints({
      ref: { tenant: "default", name: "bench" },
      folder: join(folder, "checkpoints"),
      clock: systemClock,
      onTrouble: ({ type }) => {
        throw new Error(type);
      },
    });
    const keys = Math.floor(totalBytes / valueBytes);
    const seen = { alonePause: [], create: [], createPause: [], restore: [], restorePause: [], stored: [] } as Record<
      string,
      number[]
    >;
    await fill(state, keys, valueBytes);
    for (let run = 0; run < runs; run++) {
      Bun.gc(true);
      const stop = writeOn(state);
      const alone = await timed(() => Bun.sleep(wantedMs));
      const made = await timed(() => checkpoints.create(state, "manual", subject));
      await stop();
      await fill(state, keys, valueBytes);
      Bun.gc(true);
      const past = await checkpoints.past({ id: made.result.id }, state);
      const restored = await timed(() => state.reset(past, "bench"));
      seen.alonePause?.push(alone.pauseMs);
      seen.create?.push(made.tookMs);
      seen.createPause?.push(made.pauseMs);
      seen.restore?.push(restored.tookMs);
      seen.restorePause?.push(restored.pauseMs);
      seen.stored?.push(made.result.stored_bytes / 2 ** 20);
    }
    await state.close();
    return rowsOf(valueBytes, seen, runs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function rowsOf(valueBytes: number, seen: Record<string, number[]>, runs: number): Row[] {
  const of = (what: string) => median(seen[what] ?? []);
  const values = `values of ${valueBytes} B`;
  const ms = { unit: "ms", better: "lower" } as const;
  return [
    askedRow({ ...ms, name: `create, 100 MiB, ${values}` }, of("create"), wantedMs, runs),
    askedRow({ ...ms, name: `create: longest pause, ${values}` }, of("createPause"), wantedPauseMs, runs),
    plainRow({ ...ms, name: `the writer alone: longest pause, ${values}` }, of("alonePause"), runs),
    askedRow({ ...ms, name: `restore, 100 MiB, ${values}` }, of("restore"), wantedMs, runs),
    plainRow({ ...ms, name: `restore: longest pause, ${values}` }, of("restorePause"), runs),
    plainRow({ unit: "MiB", better: "lower", name: `stored, ${values}` }, of("stored"), runs),
  ];
}

async function fill(state: ServiceState, keys: number, valueBytes: number): Promise<void> {
  const batch = 500;
  for (let key = 0; key < keys; key += batch) {
    const mutations = Array.from({ length: Math.min(batch, keys - key) }, (_, index): Mutation => {
      const value = Buffer.alloc(valueBytes, "state of the service ");
      crypto.getRandomValues(value.subarray(0, valueBytes / 2));
      return { op: "put", space: "data", key: `key/${String(key + index).padStart(9, "0")}`, value };
    });
    await state.commit(() => mutations, { origin: "bench", durability: "async" });
    if (key % 20_000 === 0) await state.commit(() => [], { origin: "bench", durability: "sync" });
  }
  await state.commit(() => [], { origin: "bench", durability: "sync" });
}

/** Some thousand writes a second, until the returned function is called. */
function writeOn(state: ServiceState): () => Promise<void> {
  let isOver = false;
  const writing = (async () => {
    for (let count = 0; !isOver; count++) {
      const value = Buffer.from(`written ${count}`);
      const key = `key/${String((count * 7_919) % 50_000).padStart(9, "0")}`;
      await state.commit(() => [{ op: "put", space: "data", key, value }], { origin: "bench", durability: "sync" });
    }
  })();
  return async () => {
    isOver = true;
    await writing;
  };
}

interface Timed<Result> {
  readonly result: Result;
  readonly tookMs: number;
  /** Longest time between two turns of the event loop. */
  readonly pauseMs: number;
}

async function timed<Result>(work: () => Promise<Result>): Promise<Timed<Result>> {
  let isOver = false;
  let pauseMs = 0;
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    pauseMs = Math.max(pauseMs, now - last);
    last = now;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  const begin = performance.now();
  const result = await work();
  const tookMs = performance.now() - begin;
  isOver = true;
  return { result, tookMs, pauseMs };
}
