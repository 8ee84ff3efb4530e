import { join } from "node:path";
import { KeyValueStore } from "../../../src/store/index.ts";
import { askedRow, plainRow, type Row } from "../support/row.ts";
import { median } from "../support/statistics.ts";
import { type Keys, keyBytes } from "../support/ycsb.ts";

const value = new Uint8Array(100).fill(120);
/** A commit after so many puts. */
const perCommit = 10_000;
/** What a record holds: a key and its value. */
const dataBytes = keyBytes + value.length;
const options = { durability: "checkpoint", memoryBytes: 2 ** 28 } as const;

/** Opening a store again whose index has to be rebuilt from the log, and what its memory takes. */
export async function recovery(folder: string, keys: Keys, runs: number): Promise<Row[]> {
  const path = join(folder, "recovery");
  const store = await KeyValueStore.open(path, options);
  for (let index = 0; index < keys.count; index++) {
    await store.put(keys.at(index), value);
    if (index % perCommit === 0) await store.commit();
  }
  const { memoryBytes } = store.stats();
  await store.close();
  const times: number[] = [];
  let logBytes = 0;
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    const again = await KeyValueStore.open(path, options);
    times.push(performance.now() - started);
    logBytes = again.stats().tail;
    await again.close();
  }
  const first = times[0] ?? Number.NaN;
  const rate = logBytes / 1e3 / median(times);
  const of = (name: string, unit: string, better: "higher" | "lower") => ({ name, unit, better }) as const;
  return [
    askedRow(of("opening again, index rebuilt from the log", "MB/s", "higher"), rate, 500, runs),
    askedRow(of("opening again, for each 100 MB of log", "ms", "lower"), 1e5 / rate, 1_000, runs),
    plainRow(of("the first time, when the engine hasn't compiled it yet", "MB/s", "higher"), logBytes / 1e3 / first, 1),
    askedRow(of("memory for each byte of data", "bytes", "lower"), memoryBytes / (keys.count * dataBytes), 1.6, 1),
  ];
}
