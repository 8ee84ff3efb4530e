import { join } from "node:path";
import { KeyValueStore } from "../../../src/store/index.ts";
import { askedRow, plainRow, type Row } from "../support/row.ts";
import { median } from "../support/statistics.ts";
import type { Workload } from "../support/ycsb.ts";

/** Operations between two turns of the event loop. */
const operationsPerTurn = 500;
const beforeMs = 1_000;
const value = new Uint8Array(1_000).fill(120);

interface Span {
  readonly rate: number;
  readonly longestTurn: number;
  readonly took: number;
}

/** YCSB A in turns of {@link operationsPerTurn}, for a second without a checkpoint and then while one is taken. */
export async function checkpointUnderLoad(folder: string, load: Workload, runs: number): Promise<Row[]> {
  const bytes = load.keys.count * (value.length + 60);
  const memoryBytes = 2 ** Math.ceil(Math.log2(bytes * 1.8));
  const store = await KeyValueStore.open(join(folder, "snapshot"), { durability: "checkpoint", memoryBytes });
  for (const key of load.keys) await store.put(key, value);
  const before: Span[] = [];
  const during: Span[] = [];
  const speed: number[] = [];
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    before.push(await operate(store, load, () => performance.now() - started > beforeMs));
    let isOver = false;
    const taken = store.checkpoint({ parts: "log", method: "snapshot" }).finally(() => (isOver = true));
    const span = await operate(store, load, () => isOver);
    during.push(span);
    speed.push((await taken).bytes / 1e3 / span.took);
  }
  await store.close();
  const of = (name: string, unit: string, better: "higher" | "lower") => ({ name, unit, better }) as const;
  const longest = (spans: readonly Span[]) => median(spans.map(({ longestTurn }) => longestTurn));
  const share = median(during.map(({ rate }, run) => rate / (before[run]?.rate ?? Number.NaN)));
  const size = `${(bytes / 1e9).toPrecision(1)} GB`;
  return [
    plainRow(of(`snapshot of ${size} while A runs`, "MB/s", "higher"), median(speed), runs),
    askedRow(of(`A while a snapshot of ${size} is taken, of its rate before`, "share", "higher"), share, 0.7, runs),
    askedRow(of("longest turn of the event loop meanwhile, median", "ms", "lower"), longest(during), 5, runs),
    plainRow(of("longest turn of the event loop without a snapshot, median", "ms", "lower"), longest(before), runs),
  ];
}

async function operate(store: KeyValueStore, { keys, picks, dice }: Workload, isOver: () => boolean): Promise<Span> {
  const started = performance.now();
  let count = 0;
  let longestTurn = 0;
  for (let last = started; !isOver(); ) {
    for (let turn = 0; turn < operationsPerTurn; turn++, count++) {
      const key = keys.at(picks[count % picks.length] ?? 0);
      if ((dice[count % dice.length] ?? 0) >= 50) store.get(key);
      else {
        const waits = store.put(key, value);
        if (waits !== undefined) await waits;
      }
    }
    await new Promise<void>((resolve) => void setImmediate(resolve));
    const now = performance.now();
    longestTurn = Math.max(longestTurn, now - last);
    last = now;
  }
  const took = performance.now() - started;
  return { rate: (count / took) * 1_000, longestTurn, took };
}
