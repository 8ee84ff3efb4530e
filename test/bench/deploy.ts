import { freePort, type SoloEnv, soloEnv } from "../support/index.ts";
import { untilAnswers } from "./support/answers.ts";
import type { Bench } from "./support/bench.ts";
import { Crowd, settleMs, smallService, solo } from "./support/crowd.ts";
import { eventsOf } from "./support/events.ts";
import { Pm2 } from "./support/pm2.ts";
import { askedRow, peerRow, type Row } from "./support/row.ts";
import { percentile } from "./support/statistics.ts";
import { inPairs } from "./support/timed.ts";

const crowdSize = 500;
const wanted = { p50Ms: 25, p99Ms: 60 };

export const deploy: Bench = {
  name: "deploy",
  summary: `\`solo deploy FILE.ts\` with a warm daemon, which ends when the service is ready, beside \`pm2 start\` of the same server in JavaScript, which ends when the process is started. Every run has a file of its own, so nothing is cached. And the kernel's time from starting a process to its readiness while ${crowdSize} others run.`,
  peers: ["pm2"],
  async run({ quick, note }) {
    note("pairs with pm2");
    const commands = await besidePm2(quick ? 4 : 12);
    note(`starting ${crowdSize} services`);
    return [...commands, ...(await startToReady(quick ? 30 : 150))];
  },
};

async function besidePm2(runs: number): Promise<Row[]> {
  await using env = soloEnv();
  await using pm2 = new Pm2();
  await solo(env, "start");
  await solo(env, "deploy", env.write("warm.ts", smallService));
  await pm2.run("start", env.write("warm.js", serverFor(freePort())), "--name", "warm");
  const answering: [number[], number[]] = [[], []];
  const [ours, theirs] = await inPairs(
    runs,
    async (run) => {
      const file = env.write(`service-${run}.ts`, serviceOf(run));
      const started = performance.now();
      const { tookMs } = await solo(env, "deploy", file, `service-${run}`, "--json");
      await untilAnswers(env.ingressPort, `service-${run}.localhost`);
      answering[0].push(performance.now() - started);
      await solo(env, "kill", `service-${run}`);
      return tookMs;
    },
    async (run) => {
      const port = freePort();
      const file = env.write(`server-${run}.js`, serverFor(port));
      const started = performance.now();
      const { tookMs } = await pm2.run("start", file, "--name", `server-${run}`);
      await untilAnswers(port);
      answering[1].push(performance.now() - started);
      await pm2.run("delete", `server-${run}`);
      return tookMs;
    },
  );
  const base = { unit: "ms", better: "lower" } as const;
  return [
    peerRow({ ...base, name: "deploy a file: the command" }, ours, { name: "pm2 start", values: theirs, wanted: 6 }),
    peerRow({ ...base, name: "deploy a file: until it answers" }, answering[0], {
      name: "pm2 start",
      values: answering[1],
    }),
  ];
}

async function startToReady(runs: number): Promise<Row[]> {
  await using crowd = await Crowd.start(crowdSize, { restMs: settleMs.young });
  const { env } = crowd;
  for (let run = 0; run < runs; run++) await deployOne(env, run);
  const took = (await eventsOf(env, "probed", "instance_ready")).map(({ data }) => Number(data.took_ms));
  if (took.length !== runs) throw new Error(`${took.length} of ${runs} instances were ready`);
  const measure = (percent: number) =>
    ({ name: `start to ready, p${percent}, ${crowdSize} services running`, unit: "ms", better: "lower" }) as const;
  return [
    askedRow(measure(50), percentile(took, 50), wanted.p50Ms, runs),
    askedRow(measure(99), percentile(took, 99), wanted.p99Ms, runs),
  ];
}

/** Each run starts a new revision of one service, whose events are then easy to find. */
async function deployOne(env: SoloEnv, run: number): Promise<void> {
  await solo(env, "deploy", env.write("probed.ts", serviceOf(run)), "probed");
}

/** Another content for every run. */
function serviceOf(run: number): string {
  return `export default { fetch: () => new Response("hello ${run}\\n") };\n`;
}

function serverFor(port: number): string {
  return `require("node:http").createServer((request, response) => response.end("hello\\n")).listen(${port}, "127.0.0.1");\n`;
}
