import { readdirSync, readFileSync } from "node:fs";
import { Daemon } from "../support/index.ts";
import type { Bench } from "./support/bench.ts";
import { smallService } from "./support/crowd.ts";
import { plainRow, type Row } from "./support/row.ts";
import { median } from "./support/statistics.ts";
import { inPairs } from "./support/timed.ts";

type Mode = "enforce" | "audit";
const modes = ["enforce", "audit"] as const;
const opensPerRun = 2_000;
const requestsPerRun = 100;

export const auditMode: Bench = {
  name: "audit-mode",
  summary:
    "What audit mode costs while it is on, beside the same service in mode `enforce` of the same kernel, in turn: opening a file (a call that the recorder looks at), a request through the ingress to a service that opens nothing, a start from the request to readiness, and the memory that is a recorder's alone.",
  peers: [],
  async run({ quick, note }) {
    await using daemon = await Daemon.start();
    const runs = quick ? 5 : 30;
    note("opened files");
    const rows: Row[] = [await openings(daemon, runs)];
    note("requests");
    rows.push(await requests(daemon, runs));
    note("starts");
    rows.push(await starts(daemon, quick ? 5 : 20));
    rows.push(memory(daemon));
    return rows;
  },
};

/** Answers with how long it took to open a file many times, in microseconds for each. */
const opener = `import { closeSync, openSync } from "node:fs";
export default { fetch() {
  const started = performance.now();
  for (let count = 0; count < ${opensPerRun}; count++) closeSync(openSync("/etc/hosts", "r"));
  return Response.json(((performance.now() - started) * 1_000) / ${opensPerRun});
} };
`;

async function openings(daemon: Daemon, runs: number): Promise<Row> {
  for (const mode of modes)
    await daemon.deploy({ [mode]: { ...daemon.module("opener.ts", opener), sandbox: { mode } } });
  const once = async (mode: Mode) => Number(await (await daemon.env.fetch(mode)).text());
  for (const mode of modes) await once(mode);
  const [plain, recorded] = await inPairs(
    runs,
    () => once("enforce"),
    () => once("audit"),
  );
  return plainRow(measure("opening a file in audit mode, over without", "µs"), difference(recorded, plain), runs);
}

async function requests(daemon: Daemon, runs: number): Promise<Row> {
  const spec = daemon.module("small.ts", smallService);
  for (const mode of modes) await daemon.deploy({ [mode]: { ...spec, sandbox: { mode } } });
  const once = async (mode: Mode) => {
    const started = performance.now();
    for (let count = 0; count < requestsPerRun; count++) await (await daemon.env.fetch(mode)).text();
    return performance.now() - started;
  };
  for (const mode of modes) await once(mode);
  const [plain, recorded] = await inPairs(
    runs,
    () => once("enforce"),
    () => once("audit"),
  );
  const ratio = median(recorded.map((value, index) => value / (plain[index] ?? Number.NaN)));
  return plainRow(measure("a request that opens nothing, times that without", "x"), ratio, runs);
}

async function starts(daemon: Daemon, runs: number): Promise<Row> {
  const spec = daemon.module("started.ts", smallService);
  const once = async (mode: Mode) => {
    const started = performance.now();
    await daemon.deploy({ started: { ...spec, sandbox: { mode } } });
    const took = performance.now() - started;
    await daemon.client.kill({ name: "started", force: true });
    return took;
  };
  for (const mode of modes) await once(mode);
  const [plain, recorded] = await inPairs(
    runs,
    () => once("enforce"),
    () => once("audit"),
  );
  return plainRow(measure("a start in audit mode, over without", "ms"), difference(recorded, plain), runs);
}

/** What the recorder of the service that is still there has for itself. */
function memory(daemon: Daemon): Row {
  const own = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => read(`/proc/${pid}/cmdline`).includes(`__recorder\0${daemon.env.dataDir}`))
    .map((pid) => {
      const field = (name: string) =>
        Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? Number.NaN);
      return (field("Private_Clean") + field("Private_Dirty")) / 1_024;
    });
  return plainRow(measure("memory of a recorder alone", "MiB"), median(own), own.length);
}

function measure(name: string, unit: string) {
  return { name, unit, better: "lower" } as const;
}

function difference(recorded: readonly number[], plain: readonly number[]): number {
  return median(recorded.map((value, index) => value - (plain[index] ?? Number.NaN)));
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
