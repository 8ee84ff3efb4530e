import { freePorts, soloEnv } from "../support/index.ts";
import { untilAnswers } from "./support/answers.ts";
import type { Bench } from "./support/bench.ts";
import { solo } from "./support/crowd.ts";
import { eventsOf } from "./support/events.ts";
import { Pm2 } from "./support/pm2.ts";
import { askedRow, peerRow } from "./support/row.ts";
import { percentile } from "./support/statistics.ts";
import { Supervisord } from "./support/supervisord.ts";

const wantedMs = 40;
/** supervisord counts an earlier end as a failed start, and waits. */
const settleMs = 1_500;

export const restart: Bench = {
  name: "restart",
  summary:
    "A service is killed with SIGKILL, and asked until its next process answers: through the ingress for Solo, at its own port for PM2 and supervisord. Each service is killed once. Solo and supervisord run the same TypeScript with Bun, PM2 the same server with Node.js.",
  peers: ["pm2", "supervisord"],
  async run({ quick, note }) {
    const names = Array.from({ length: quick ? 5 : 20 }, (_, index) => `victim-${index}`);
    const ports = freePorts(names.length * 2);
    await using env = soloEnv();
    await using pm2 = new Pm2();
    note(`starting ${names.length} services under each`);
    await solo(env, "start");
    const service = env.write("victim.ts", "export default { fetch: () => new Response(String(process.pid)) };\n");
    const server = env.write("server.ts", tell("Number(process.argv[2])"));
    const programs = names.map((name, index) => [name, `${process.execPath} ${server} ${ports[index]}`] as const);
    await using _supervisord = await Supervisord.start(Object.fromEntries(programs));
    for (const [index, name] of names.entries()) {
      await solo(env, "deploy", service, name);
      const port = ports[names.length + index];
      await pm2.run("start", env.write(`${name}.js`, tell(String(port))), "--name", name);
    }
    await Bun.sleep(settleMs);
    const took: Record<"solo" | "pm2" | "supervisord", number[]> = { solo: [], pm2: [], supervisord: [] };
    for (const [index, name] of names.entries()) {
      took.solo.push(await crash(env.ingressPort, `${name}.localhost`));
      took.supervisord.push(await crash(ports[index] ?? 0));
      took.pm2.push(await crash(ports[names.length + index] ?? 0));
    }
    const inside = await Promise.all(names.map((name) => crashToReady(env, name)));
    const measure = { name: "crash until it answers again", unit: "ms", better: "lower" } as const;
    const asked = { ...measure, name: "crash seen to ready again, p50" };
    return [
      peerRow(measure, took.solo, { name: "pm2", values: took.pm2 }),
      peerRow(measure, took.supervisord.length > 0 ? took.solo : [], {
        name: "supervisord",
        values: took.supervisord,
      }),
      askedRow(
        { ...measure, name: "crash until it answers again, p50" },
        percentile(took.solo, 50),
        wantedMs,
        names.length,
      ),
      askedRow(asked, percentile(inside, 50), wantedMs, names.length),
    ];
  },
};

/** Kills what answers there, and gives the milliseconds until another process does. */
async function crash(port: number, host?: string): Promise<number> {
  const pid = await untilAnswers(port, host);
  const killed = performance.now();
  process.kill(Number(pid), "SIGKILL");
  await untilAnswers(port, host, (text) => text !== pid);
  return performance.now() - killed;
}

/** By the kernel's own events. */
async function crashToReady(env: Parameters<typeof eventsOf>[0], name: string): Promise<number> {
  const [exited] = await eventsOf(env, name, "instance_exited");
  const ready = (await eventsOf(env, name, "instance_ready")).at(-1);
  if (exited === undefined || ready === undefined) throw new Error(`${name} was not restarted`);
  return Date.parse(ready.time) - Date.parse(exited.time);
}

/** A server that answers with its pid, for Node.js and Bun alike. */
function tell(port: string): string {
  return `require("node:http").createServer((request, response) => response.end(String(process.pid))).listen(${port}, "127.0.0.1");\n`;
}
