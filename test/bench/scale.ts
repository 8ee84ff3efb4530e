import { readFileSync } from "node:fs";
import { processesOf } from "../support/index.ts";
import type { Bench, BenchOptions } from "./support/bench.ts";
import { Crowd, settleMs } from "./support/crowd.ts";
import { askedRow, plainRow, type Row } from "./support/row.ts";

const wanted = { serviceMb: 6, kernelMb: 150, kernelPercent: 5 };
const idleMs = 10_000;
/** Of so many services the memory is read; the system needs milliseconds for each. */
const sampled = 100;
/** USER_HZ: the same on every Linux that Solo runs on. */
const ticksPerSecond = 100;

export const scale: Bench = {
  name: "scale",
  summary: `Many TypeScript services deployed by one command: the time until all are ready, the proportional memory (PSS) of each, and the kernel's memory and CPU time over ${idleMs / 1_000} s in which nothing happens but heartbeats.`,
  peers: [],
  async run(options) {
    const sizes = options.quick ? [500] : [500, 2_000];
    const rows: Row[] = [];
    for (const size of sizes) rows.push(...(await measure(size, options)));
    return rows;
  },
};

async function measure(size: number, { quick, note }: BenchOptions): Promise<Row[]> {
  note(`starting ${size} services`);
  await using crowd = await Crowd.start(size, { restMs: quick ? settleMs.young : settleMs.settled });
  const { pid, services } = await crowd.health();
  const before = cpuMs(pid);
  const started = performance.now();
  await Bun.sleep(idleMs);
  const percent = ((cpuMs(pid) - before) / (performance.now() - started)) * 100;
  const kernelMb = kilobytes(`/proc/${pid}/status`, "VmRSS") / 1_000;
  const hosts = processesOf(crowd.env.dataDir).filter(({ command }) => command.includes(" __host "));
  const step = Math.max(1, Math.floor(hosts.length / sampled));
  const sample = hosts
    .filter((_, index) => index % step === 0)
    .map((host) => kilobytes(`/proc/${host.pid}/smaps_rollup`, "Pss"));
  const serviceMb = sample.reduce((sum, value) => sum + value, 0) / sample.length / 1_000;
  const named = (name: string, unit: string) => ({ name: `${size} services: ${name}`, unit, better: "lower" }) as const;
  return [
    askedRow({ ...named("ready", "services"), better: "higher" }, services.ready, size, 1),
    plainRow(named("deployed and ready after", "s"), crowd.readyMs / 1_000, 1),
    askedRow(named("memory of each (PSS)", "MB"), serviceMb, wanted.serviceMb, sample.length),
    askedRow(named("kernel's memory (RSS)", "MB"), kernelMb, wanted.kernelMb, 1),
    askedRow(named("kernel's CPU when idle", "% of a core"), percent, wanted.kernelPercent, 1),
  ];
}

/** What all threads of a process have used: utime and stime of proc(5), after the name, which may hold spaces. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * (1_000 / ticksPerSecond);
}

function kilobytes(file: string, field: string): number {
  return (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(file, "utf8"))?.[1]) * 1_024) / 1_000;
}
