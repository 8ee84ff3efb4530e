import { healthDocumentSchema } from "../../src/api/index.ts";
import { type SoloEnv, soloBinary, soloEnv } from "../support/index.ts";
import { Terminal } from "../support/terminal.ts";
import type { Bench } from "./support/bench.ts";
import { solo } from "./support/crowd.ts";
import { cpuMs } from "./support/process.ts";
import { askedRow, plainRow } from "./support/row.ts";

const services = 500;
const wantedPercent = 5;

export const top: Bench = {
  name: "top",
  summary:
    "`solo top` with 500 services on a terminal of 120 columns and 40 lines, looking once a second as it does by itself: the processor time that it takes, and that the kernel takes beside it for all it does. The services are programs that sleep.",
  peers: [],
  async run({ quick, note }) {
    await using env = soloEnv();
    note(`deploying ${services} services`);
    const { pid } = await startAll(env);
    const seconds = quick ? 5 : 20;
    note("the kernel alone");
    const alone = await shareOf([pid], seconds);
    await using terminal = new Terminal([soloBinary(), "top"], {
      ...{ cwd: env.root, env: { ...env.env, TERM: "xterm-256color" }, columns: 120, rows: 40 },
    });
    await terminal.shows(/sleeper-1/);
    await Bun.sleep(5_000);
    note("solo top");
    const [own = 0, kernel = 0] = await shareOf([terminal.pid, pid], seconds);
    const percent = { unit: "% of a core", better: "lower" } as const;
    return [
      askedRow({ name: `solo top, ${services} services`, ...percent }, own, wantedPercent, 1),
      plainRow({ name: "the kernel meanwhile", ...percent }, kernel, 1),
      plainRow({ name: "the kernel without it", ...percent }, alone[0] ?? 0, 1),
    ];
  },
};

async function startAll(env: SoloEnv) {
  const all = Array.from(
    { length: services },
    (_, index) => `[service.sleeper-${index}]\ncommand = ["sleep", "100000"]\n`,
  );
  const project = env.write("crowd/solo.toml", all.join("\n"));
  await solo(env, "start");
  await solo(env, "deploy", "-f", project, "--json", "--quiet", "--timeout", "170s");
  return healthDocumentSchema.parse(JSON.parse((await solo(env, "health", "--json")).stdout));
}

/** What processes use of a core meanwhile, in percent. */
async function shareOf(pids: readonly number[], seconds: number): Promise<number[]> {
  const before = pids.map(cpuMs);
  const begun = performance.now();
  await Bun.sleep(seconds * 1_000);
  const tookMs = performance.now() - begun;
  return pids.map((pid, index) => ((cpuMs(pid) - (before[index] ?? 0)) / tookMs) * 100);
}
