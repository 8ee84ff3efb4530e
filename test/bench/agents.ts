import { join } from "node:path";
import { Daemon } from "../support/index.ts";
import type { Bench } from "./support/bench.ts";
import { askedRow, plainRow } from "./support/row.ts";
import { percentile } from "./support/statistics.ts";

const megabytes = 10;
const wantedMs = 100;
const agent = join(import.meta.dir, "../e2e/fixtures/sdk-agent.py");
const sandbox = { read: [join(import.meta.dir, "../../sdk/python")] };

export const agents: Bench = {
  name: "agents",
  summary: `A port agent in Python with ${megabytes} MB of state is killed with SIGKILL again and again: from the moment when the kernel has seen its end until its successor has its state and says so. Once the state is in a checkpoint, once in the log behind none.`,
  peers: [],
  async run({ quick, note }) {
    const runs = quick ? 5 : 20;
    await using daemon = await Daemon.start();
    const spec = { kind: "port" as const, command: [agent], sandbox, restart: { max: 1_000, backoff_max_ms: 1 } };
    await daemon.deploy({ logged: spec, checkpointed: spec });
    const ask = (name: string, method: string, input: unknown = null) =>
      daemon.client.call({ name, method, input, timeout_ms: 60_000 });
    note(`filling ${megabytes} MB twice`);
    await ask("logged", "fill", megabytes);
    await ask("checkpointed", "fill", megabytes);
    await ask("checkpointed", "checkpoint");
    const measure = { unit: "ms", better: "lower" } as const;
    const rows = [];
    for (const name of ["checkpointed", "logged"] as const) {
      note(`killing the one whose state is ${name}`);
      const seen = [];
      for (let run = 0; run < runs; run++) seen.push(await crash(daemon, name));
      const restarts = seen.map(({ restart_ms }) => restart_ms);
      const where = name === "logged" ? "in the log" : "in a checkpoint";
      const p50 = { ...measure, name: `agent killed, ${megabytes} MB ${where}: noticed to ready, p50` };
      rows.push(askedRow(p50, percentile(restarts, 50), wantedMs, runs));
      rows.push(plainRow({ ...p50, name: p50.name.replace("p50", "p99") }, percentile(restarts, 99), runs));
      const restores = seen.map(({ restore_ms }) => restore_ms);
      rows.push(plainRow({ ...p50, name: `of that, from restore to ready (${name})` }, percentile(restores, 50), runs));
    }
    return rows;
  },
};

async function crash(daemon: Daemon, name: string) {
  const { restarts, instances } = await daemon.status(name);
  process.kill(instances[0]?.pid ?? 0, "SIGKILL");
  const isBack = (status: { restarts: number; state: string }) =>
    status.restarts > restarts && status.state === "ready";
  const status = await daemon.until(name, isBack);
  const recovery = status.instances[0]?.agent?.recovery;
  if (!recovery || recovery.restored_bytes < megabytes * 1_000_000)
    throw new Error(`${name} came back without its state`);
  return recovery;
}
