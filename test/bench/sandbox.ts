import { Daemon } from "../support/index.ts";
import type { Bench } from "./support/bench.ts";
import { smallService } from "./support/crowd.ts";
import { askedRow, type Row } from "./support/row.ts";
import { median, percentile } from "./support/statistics.ts";
import { inPairs } from "./support/timed.ts";

const wanted = { startMs: 5, latencyRatio: 2 };
/** How long the neighbour is asked, before and during an attack: thousands of requests, so that one pause is not a percentile. */
const askedMs = 3_000;
/** How long an attack is given to get going. */
const attackMs = 1_500;

export const sandbox: Bench = {
  name: "sandbox",
  summary:
    "The start of a service within its sandbox and without one, in turn: from the request on the kernel's socket to its readiness, the artifact being there. And how long a neighbour's requests take through the ingress, one after the other, while a hostile service of the same kernel does what it can within `limits = { processes = 32, memory = 128 MB }` and `max_processes = 64`: beside the same just before.",
  peers: [],
  async run({ quick, note }) {
    await using daemon = await Daemon.start();
    note("starts");
    const start = await startCost(daemon, quick ? 10 : 60);
    const rows: Row[] = [start];
    for (const [name, script] of Object.entries(attacks)) {
      note(name);
      rows.push(await neighbour(daemon, name, script));
    }
    return rows;
  },
};

const attacks = {
  "a log flood": "while :; do echo a line of a flood that never ends, with some words in it; done",
  "a fork bomb": "bomb() { bomb & bomb & sleep 1000; }; bomb 2>/dev/null",
  "a memory bomb": `exec /usr/bin/python3 -S -c 'held = []
while True: held.append(bytearray(4_000_000)); __import__("time").sleep(0.02)'`,
  "a disk filler": "while :; do dd if=/dev/zero of=$TMPDIR/filler bs=64k count=1000 2>/dev/null; done",
  "descriptors without end": `exec /usr/bin/python3 -S -c 'import os
held = []
while True:
  try: held.append(os.open("/dev/null", 0))
  except OSError: pass'`,
};

async function startCost(daemon: Daemon, runs: number): Promise<Row> {
  const spec = daemon.module("started.ts", smallService);
  const timeOf = async (mode: "enforce" | "off") => {
    const started = performance.now();
    await daemon.deploy({ started: { ...spec, sandbox: { mode } } });
    const took = performance.now() - started;
    await daemon.client.kill({ name: "started", force: true });
    return took;
  };
  for (const mode of ["enforce", "off"] as const) await timeOf(mode);
  const [within, without] = await inPairs(
    runs,
    () => timeOf("enforce"),
    () => timeOf("off"),
  );
  const over = within.map((value, index) => value - (without[index] ?? Number.NaN));
  const measure = { name: "a start in a sandbox, over one without", unit: "ms", better: "lower" } as const;
  return askedRow(measure, Math.max(0, median(over)), wanted.startMs, runs);
}

/** How many times longer the neighbour's requests take during an attack than before it, at the 99th percentile. */
async function neighbour(daemon: Daemon, attack: string, script: string): Promise<Row> {
  await daemon.deploy({ neighbour: daemon.module("neighbour.ts", smallService) });
  const before = await latencies(daemon);
  const limits = { processes: 32, memory_bytes: 128_000_000 };
  const sandbox = { max_processes: 64 };
  await daemon.deploy({ hostile: { ...daemon.shell(script), limits, sandbox } }, { wait: false });
  await Bun.sleep(attackMs);
  const during = await latencies(daemon);
  await daemon.client.kill({ name: "hostile", force: true });
  const ratio = percentile(during, 99) / percentile(before, 99);
  const measure = {
    name: `a neighbour's p99 during ${attack}, times that before`,
    unit: "x",
    better: "lower",
  } as const;
  return askedRow(measure, ratio, wanted.latencyRatio, during.length);
}

async function latencies(daemon: Daemon): Promise<number[]> {
  const took: number[] = [];
  for (const end = performance.now() + askedMs; performance.now() < end; ) {
    const started = performance.now();
    await (await daemon.env.fetch("neighbour")).text();
    took.push(performance.now() - started);
  }
  return took;
}
