import { expect, test } from "bun:test";
import { type RunResult, type SoloEnv, soloEnv } from "../support/index.ts";
import { counted, countingService, underLoad } from "./load.ts";

/** Whatever happens to the instances of a service in order, each request gets its answer. */

const connections = 12;

/** Deploys a counting service, works on it under load, and accounts for every request. */
async function losesNothing(
  env: SoloEnv,
  work: (deploy: (code: string) => Promise<RunResult>) => Promise<void>,
): Promise<void> {
  const folder = env.notes;
  const deploy = (code: string) => env.run(["deploy", env.write("web.ts", code), "--allow-write", folder]);
  (await deploy(countingService(folder, "first"))).expect();
  const load = await underLoad(env, "web", connections, () => work(deploy));
  (await env.run(["kill", "web"])).expect();
  expect(load.failed, load.report).toBe(0);
  expect(load.requests).toBeGreaterThan(connections);
  // What the instances answered is what wrk got, but for the answers on their way when wrk hung up and one that the test got.
  expect(counted(folder)).toBeGreaterThanOrEqual(load.requests);
  expect(counted(folder)).toBeLessThanOrEqual(load.requests + connections + 1);
}

test("20 redeploys under load fail no request", async () => {
  await using env = soloEnv();
  await losesNothing(env, async (deploy) => {
    for (let turn = 1; turn <= 20; turn++) (await deploy(countingService(env.notes, `turn ${turn}`))).expect();
    expect(await (await env.fetch("web")).text()).toBe("turn 20");
  });
}, 60_000);

test("restarts under load fail no request", async () => {
  await using env = soloEnv();
  await losesNothing(env, async () => {
    for (let turn = 1; turn <= 5; turn++) (await env.run(["restart", "web"])).expect();
  });
}, 60_000);

test("scaling up and down under load fails no request", async () => {
  await using env = soloEnv();
  await losesNothing(env, async () => {
    for (const replicas of ["3", "1", "2", "1"]) (await env.run(["scale", "web", replicas])).expect();
  });
}, 60_000);

test("rolled back deploys under load fail no request", async () => {
  await using env = soloEnv();
  await losesNothing(env, async (deploy) => {
    for (let turn = 1; turn <= 3; turn++) (await deploy(`throw new Error("broken ${turn}");`)).expect(9);
    expect(await (await env.fetch("web")).text()).toBe("first");
  });
}, 60_000);

test("redeploys of a program that ends at once when it is told to stop fail no request", async () => {
  await using env = soloEnv();
  const program = env.write(
    "server.mjs",
    `import { createServer } from "node:http";
createServer((_, response) => response.end(process.argv[3])).listen(Number(process.argv[2]), "127.0.0.1");`,
  );
  const deploy = (turn: number) => env.run(["deploy", "node", "web", "--", program, "$PORT", `turn ${turn}`]);
  (await deploy(0)).expect();
  const load = await underLoad(env, "web", connections, async () => {
    for (let turn = 1; turn <= 5; turn++) (await deploy(turn)).expect();
  });
  expect(load.failed, load.report).toBe(0);
  expect(await (await env.fetch("web")).text()).toBe("turn 5");
}, 60_000);
