import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { z } from "zod";
import { libfaketime, type SoloEnv, soloEnv, waitFor } from "../support/index.ts";

const hour = 3_600_000;

const program = `import { defineService } from "solo";
setInterval(() => console.log("tick"), 100);
export default defineService({
  fetch: () => new Response("ok"),
  methods: {
    hit: (_, ctx) => ctx.state.increment("hits"),
    sleep: (id, ctx) => ctx.run("sleep-" + id, (run) => run.sleep("pause", "200ms")).then(() => "slept"),
    wait: (id, ctx) => ctx.run("wait-" + id, (run) => run.waitFor("never", { timeout: "200ms" })).catch((error) => error.code),
  },
});`;

const project = `[service.svc]
source = "svc.ts"
health = { http = "/", interval = "100ms" }
state = { checkpoint = "1s" }
`;

const outputSchema = z.object({ output: z.unknown() });
const statusSchema = z.object({
  state: z.string(),
  restarts: z.int(),
  uptime_ms: z.int(),
  health: z.object({ probes: z.array(z.object({ ok: z.boolean().nullable(), checked: z.string() })) }),
});
const checkpointsSchema = z.object({ checkpoints: z.array(z.object({ id: z.string(), position: z.int() })) });

test("a clock that is set, forward and back by an hour, changes the times that are shown and nothing else", async () => {
  await using env = soloEnv();
  const offset = env.write("offset", "+0");
  env.follow(["start", "--foreground"], {
    env: {
      LD_PRELOAD: libfaketime,
      FAKETIME_TIMESTAMP_FILE: offset,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
  });
  await waitFor(async () => (await env.run(["health"])).code === 0, { what: "the kernel to answer" });
  env.write("svc.ts", program);
  (await env.run(["deploy", "-f", env.write("solo.toml", project)])).expect();
  const call = async (method: string, input: string) =>
    (await env.run(["call", "svc", method, JSON.stringify(input), "--json"])).expect().json(outputSchema).output;

  for (const [set, hours] of [
    ["+1h", 1],
    ["-1h", -1],
    ["+0", 0],
  ] as const) {
    writeFileSync(offset, set);
    const isSet = (time: string) => Math.abs(Date.parse(time) - Date.now() - hours * hour) < hour / 2;
    await waitFor(async () => isSet(await lastLineOf(env)), { what: `a line with the time of ${set}` });
    expect(await call("sleep", set)).toBe("slept");
    expect(await call("wait", set)).toBe("timeout");
    const before = await newestOf(env);
    await call("hit", set);
    await waitFor(async () => (await newestOf(env)) > before, { what: `a checkpoint by interval after ${set}` });
    const { state, restarts, uptime_ms, health } = (await env.run(["status", "svc", "--json"]))
      .expect()
      .json(statusSchema);
    expect({ state, restarts }).toEqual({ state: "ready", restarts: 0 });
    expect(uptime_ms).toBeLessThan(hour / 2);
    expect(health.probes.every(({ ok }) => ok === true)).toBe(true);
    expect(health.probes.some(({ checked }) => isSet(checked))).toBe(true);
    expect((await env.run(["health", "--json"])).stdout).toContain(`"name":"clock","status":"degraded"`);
  }
  (await env.run(["stop"])).expect();
});

async function lastLineOf(env: SoloEnv): Promise<string> {
  const { stdout } = await env.run(["logs", "svc", "--tail", "1", "--json"]);
  return /"time":"([^"]+)"/.exec(stdout)?.[1] ?? "";
}

/** The highest position that a checkpoint has. */
async function newestOf(env: SoloEnv): Promise<number> {
  const { checkpoints } = (await env.run(["checkpoint", "list", "svc", "--json"])).expect().json(checkpointsSchema);
  return Math.max(0, ...checkpoints.map(({ position }) => position));
}
