import { readFileSync } from "node:fs";
import { waitFor } from "../support/index.ts";
import type { Bench } from "./support/bench.ts";
import { Crowd, settleMs, solo } from "./support/crowd.ts";
import { askedRow, plainRow } from "./support/row.ts";
import { median } from "./support/statistics.ts";

const services = 500;
const wantedMs = 200;
const pauseMs = 0.5;
const deadlineMs = 20_000;

export const recovery: Bench = {
  name: "recovery",
  summary: `The kernel is killed with SIGKILL while ${services} services run: until its guardian has started the next one, until that one answers, and until it has adopted every service.`,
  peers: [],
  async run({ quick, note }) {
    note(`starting ${services} services`);
    await using crowd = await Crowd.start(services, { restMs: settleMs.young });
    const runs = quick ? 1 : 5;
    const seen: Recovery[] = [];
    for (let run = 0; run < runs; run++) {
      note(`kill ${run + 1} of ${runs}`);
      seen.push(await killKernel(crowd));
      // A guardian that has just restarted a kernel makes a pause before it does so again: the next run gets a new one.
      await solo(crowd.env, "stop", "--keep-services");
      await solo(crowd.env, "start");
    }
    const base = { unit: "ms", better: "lower" } as const;
    const of = (pick: (recovery: Recovery) => number) => median(seen.map(pick));
    return [
      askedRow(
        { ...base, name: "kernel killed: next kernel started" },
        of(({ startedMs }) => startedMs),
        wantedMs,
        runs,
      ),
      plainRow(
        { ...base, name: "kernel killed: next kernel answers" },
        of(({ answersMs }) => answersMs),
        runs,
      ),
      plainRow(
        { ...base, name: `kernel killed: ${services} services adopted` },
        of(({ adoptedMs }) => adoptedMs),
        runs,
      ),
    ];
  },
};

interface Recovery {
  readonly startedMs: number;
  readonly answersMs: number;
  readonly adoptedMs: number;
}

async function killKernel(crowd: Crowd): Promise<Recovery> {
  const { pid } = await crowd.health();
  const guardian = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  const killed = performance.now();
  process.kill(pid, "SIGKILL");
  while (nextKernel(guardian, pid) === undefined) await pause(killed);
  const startedMs = performance.now() - killed;
  while (!(await answers(crowd))) await pause(killed);
  const answersMs = performance.now() - killed;
  const ready = async () => (await crowd.health()).services.ready === services;
  await waitFor(ready, { what: "every service to be adopted", deadlineMs });
  return { startedMs, answersMs, adoptedMs: performance.now() - killed };
}

/** The guardian's child that is a kernel and not the one that was killed. */
function nextKernel(guardian: number, killed: number): number | undefined {
  const children = readFileSync(`/proc/${guardian}/task/${guardian}/children`, "utf8")
    .split(" ")
    .filter(Boolean)
    .map(Number);
  return children.find((pid) => pid !== killed && isKernel(pid));
}

function isKernel(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("\0__kernel\0");
  } catch {
    return false;
  }
}

async function answers({ env }: Crowd): Promise<boolean> {
  try {
    return (await fetch("http://solo/v1/health", { unix: `${env.dataDir}/solo.sock` })).ok;
  } catch {
    return false;
  }
}

async function pause(since: number): Promise<void> {
  if (performance.now() - since > deadlineMs) throw new Error(`no kernel after ${deadlineMs} ms`);
  await Bun.sleep(pauseMs);
}
