import { afterAll, beforeAll, expect, test } from "bun:test";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Check, healthDocumentSchema } from "../../src/api/index.ts";
import { soloBinary } from "../support/binary.ts";
import { freePort, type SoloEnv, soloEnv, waitFor } from "../support/index.ts";
import { withPrivateMounts } from "../support/private-mount.ts";

/** Every part of the kernel's health, made to fail for real. The tests share one kernel, and put right what they broke. */

let env: SoloEnv;
beforeAll(async () => {
  env = soloEnv();
  const code = `import { defineService } from "solo";
    export default defineService({ methods: {
      put: async (value, ctx) => { await ctx.state.set("key", value, { durability: "sync" }); },
      spend: (tokens, ctx) => ctx.effect("spend" + tokens, () => "done", { cost: { tokens } }),
    } });`;
  env.write("keeper.ts", code);
  env.write("spender.ts", code);
  env.write(
    "solo.toml",
    `[service.keeper]\nsource = "keeper.ts"\n[service.spender]\nsource = "spender.ts"\nbudget = { tokens = 100 }\n`,
  );
  (await env.run(["deploy", "-f", "solo.toml"])).expect();
});
afterAll(() => env[Symbol.asyncDispose]());

async function checkOf(name: string): Promise<Check> {
  const { checks } = (await env.run(["health", "--json"])).json(healthDocumentSchema);
  return checks.find((check) => check.name === name) ?? { name, status: "healthy", message: "is no check" };
}

function until(name: string, status: Check["status"]): Promise<Check> {
  const reached = async () => {
    const check = await checkOf(name);
    return check.status === status && check;
  };
  return waitFor(reached, { what: `${name} to be ${status}`, deadlineMs: 20_000 });
}

test("all is well at first", async () => {
  const { status, checks } = (await env.run(["health", "--json"])).expect().json(healthDocumentSchema);
  expect(status).toBe("healthy");
  expect(checks.filter((check) => check.status !== "healthy")).toEqual([]);
});

test("a budget near its end", async () => {
  (await env.run(["call", "spender", "spend", "50"])).expect();
  expect(await checkOf("budgets")).toMatchObject({ status: "healthy" });
  (await env.run(["call", "spender", "spend", "45"])).expect();
  expect(await checkOf("budgets")).toEqual({
    name: "budgets",
    status: "degraded",
    message: "default/spender: tokens is nearly used up (95 of 100)",
  });
});

test("a state that can't be opened", async () => {
  (await env.run(["call", "keeper", "put", "1"])).expect();
  (await env.run(["stop", "--keep-services"])).expect();
  const folder = join(env.dataDir, "state/default/keeper");
  renameSync(join(folder, "wal"), join(folder, "aside"));
  writeFileSync(join(folder, "wal"), "no folder");
  (await env.run(["start"])).expect();
  expect((await env.run(["call", "keeper", "put", "2"])).code).not.toBe(0);
  expect((await checkOf("states")).message).toStartWith("default/keeper: can't be opened: ");
  expect(await checkOf("states")).toMatchObject({ status: "degraded" });
  rmSync(join(folder, "wal"));
  renameSync(join(folder, "aside"), join(folder, "wal"));
  (await env.run(["call", "keeper", "put", "2"])).expect();
  await until("states", "healthy");
});

test("a door whose port another program has", async () => {
  const other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("another program") });
  await using its = soloEnv();
  (await its.run(["start"], { env: { SOLO_METRICS_PORT: String(other.port) } })).expect();
  const { checks } = (await its.run(["health", "--json"])).expect(3).json(healthDocumentSchema);
  expect(checks).toContainEqual({
    name: "metrics",
    status: "degraded",
    message: expect.stringContaining(`the port ${other.port} of the port of metrics is taken by another program`),
  });
  await other.stop(true);
  await waitFor(async () => (await its.run(["health"])).code === 0, { what: "the door to open", deadlineMs: 20_000 });
});

test("a disk that is nearly full", () => {
  const solo = `${soloBinary()} --data-dir /mnt/solo`;
  const output = withPrivateMounts(`
    mount -t tmpfs -o size=64m tmpfs /mnt; mkdir /mnt/solo
    export HOME=/mnt SOLO_HTTP_PORT=off SOLO_LISTEN_PORT=off SOLO_METRICS_PORT=off
    ${solo} start --ingress-port ${freePort()} >&2
    ${solo} health --json > /mnt/one || true
    head -c 40000000 /dev/zero > /mnt/full; ${solo} health --json > /mnt/two || true
    cat /mnt/one /mnt/two; ${solo} stop --yes >&2`);
  const documents = output.split(/(?<=\n)(?=\{)/).map((text) => healthDocumentSchema.parse(JSON.parse(text)));
  const found = documents.map(({ status, checks }) => [status, checks.find(({ name }) => name === "disk")?.status]);
  expect(found).toEqual([
    ["healthy", "healthy"],
    ["unhealthy", "unhealthy"],
  ]);
});
