import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkpointUnderLoad } from "./store/checkpoint-under-load.ts";
import { coldReads } from "./store/cold-reads.ts";
import { durablePuts } from "./store/durable-puts.ts";
import { inMemory } from "./store/in-memory.ts";
import { recovery } from "./store/recovery.ts";
import type { Bench } from "./support/bench.ts";
import { Keys, workload } from "./support/ycsb.ts";

const distributions = ["zipfian", "uniform"] as const;

export const store: Bench = {
  name: "store",
  summary:
    "YCSB load, A, B, C and F on 1,000,000 records with keys of 24 and values of 100 bytes, zipfian (0.99) and uniform, one thread, in memory, nobody syncing; puts that are acknowledged after their sync; reads of data that doesn't fit into memory; a snapshot of 1 GB while A runs; opening again.",
  peers: ["redis"],
  async run({ quick, note }) {
    const records = 1_000_000;
    const runs = quick ? 1 : 5;
    const folder = mkdtempSync(join(tmpdir(), "solo-bench-store-"));
    try {
      const keys = new Keys(records);
      const loads = distributions.map((distribution) => workload(keys, records, distribution));
      note("in memory");
      const rows = await inMemory(folder, loads, runs);
      note("10 % in memory");
      rows.push(...(await coldReads(folder, loads, runs)));
      for (const clients of [1, 64, 1_024]) {
        note(`durable puts, ${clients} in flight`);
        rows.push(...(await durablePuts(folder, clients, runs, "clients")));
      }
      note("durable puts, 1024 in flight of one caller");
      rows.push(...(await durablePuts(folder, 1_024, runs, "one")));
      note("a snapshot under load");
      rows.push(...(await checkpointUnderLoad(folder, workload(keys, records, "zipfian"), runs)));
      note("opening again");
      return [...rows, ...(await recovery(folder, keys, Math.max(runs, 3)))];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
