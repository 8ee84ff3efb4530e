import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { deployResultSchema, killResultSchema, serviceListSchema } from "../../src/api/index.ts";
import { Daemon, processesOf, soloEnv } from "../support/index.ts";

/** Commands while no kernel runs: they find what one left behind, and start none but to deploy. */

const web = `export default { fetch: () => new Response("web") };`;

/** A daemon with `one` and `two` of the default tenant and `other` of another one, killed together with its guardian. */
async function abandoned(): Promise<Daemon> {
  const daemon = await Daemon.start();
  await daemon.deploy({ one: daemon.module("one.ts", web), two: daemon.module("two.ts", web) });
  await daemon.deploy({ other: daemon.module("other.ts", web) }, { tenant: "acme" });
  await daemon.crashBoth();
  return daemon;
}

describe("after kill -9 of kernel and guardian", () => {
  test("stop ends the services of every tenant, and they come back with start", async () => {
    await using daemon = await abandoned();
    const { env } = daemon;
    expect(daemon.processes()).toHaveLength(3);
    expect((await env.run(["stop", "--json"])).expect().json()).toMatchObject({ pid: null, kept: 0, stopped: 3 });
    expect(daemon.processes()).toEqual([]);
    expect((await env.run(["stop", "--json"])).expect().json()).toMatchObject({ pid: null, kept: 0, stopped: 0 });
    (await env.run(["start"])).expect();
    await daemon.until("one", "ready");
  });

  test("kill ends one service for good and leaves the others as they are", async () => {
    await using daemon = await abandoned();
    const { env } = daemon;
    const others = [...daemon.processes("two"), ...daemon.processes("other")];
    const [one] = daemon.processes("one");
    const killed = (await env.run(["kill", "one", "--json"])).expect().json(killResultSchema);
    expect(killed.instances).toMatchObject([{ pid: one }]);
    expect(daemon.processes("one")).toEqual([]);
    expect((await env.run(["health"])).code).toBe(7);
    (await env.run(["start"])).expect();
    expect((await daemon.until("two", "ready")).instances).toMatchObject([{ adopted: true }]);
    expect([...daemon.processes("two"), ...daemon.processes("other")]).toEqual(others);
    expect(await daemon.status("one")).toMatchObject({ state: "stopped", instances: [] });
  });

  test("kill of a name that is none changes nothing", async () => {
    await using daemon = await abandoned();
    expect((await daemon.env.run(["kill", "nobody", "--json"])).code).toBe(5);
    expect(daemon.processes()).toHaveLength(3);
  });
});

test("a service that is killed while the kernel is stopped does not come back with it", async () => {
  await using env = soloEnv();
  (await env.run(["deploy", env.write("web.ts", web)])).expect();
  (await env.run(["stop"])).expect();
  expect((await env.run(["kill", "web", "--json"])).expect().json()).toMatchObject({ instances: [] });
  (await env.run(["start"])).expect();
  const { services } = (await env.run(["list", "--json"])).expect().json(serviceListSchema);
  expect(services).toMatchObject([{ service: "web", state: "stopped" }]);
});

describe("deploy --dry-run", () => {
  test("starts nothing, writes nothing, and says with 10 that something would change", async () => {
    await using env = soloEnv();
    const temporary = { env: { TMPDIR: env.root } };
    const before = readdirSync(env.root).sort();
    const path = env.write("web.ts", web);
    const planned = await env.run(["deploy", path, "--dry-run", "--json"], temporary);
    expect(planned.expect(10).json(deployResultSchema)).toMatchObject({ changed: true, instances: [], url: null });
    expect(existsSync(env.dataDir)).toBe(false);
    expect(processesOf(env.root)).toEqual([]);
    // Bun's C compiler, which says whether this machine can confine, keeps its own headers there.
    const now = readdirSync(env.root).filter((name) => !name.startsWith("bun-cc-"));
    expect(now.sort()).toEqual([...before, "web.ts"].sort());
  });

  test("plans what deploy then does, with and without a kernel", async () => {
    await using env = soloEnv();
    const path = env.write("web.ts", web);
    const dryRun = (...args: string[]) => env.run(["deploy", path, "--dry-run", "--json", ...args]);
    const planned = (await dryRun()).expect(10).json(deployResultSchema);
    const deployed = (await env.run(["deploy", path, "--json"])).expect().json(deployResultSchema);
    expect(planned.revision).toBe(deployed.revision);
    const artifacts = () => readdirSync(join(env.dataDir, "artifacts"));
    const kept = artifacts();
    expect((await dryRun()).expect(0).json(deployResultSchema)).toMatchObject({ changed: false });
    (await dryRun("--replicas", "2")).expect(10);
    env.write("web.ts", web.replace('"web"', '"changed"'));
    (await dryRun()).expect(10);
    (await env.run(["stop", "--keep-services"])).expect();
    (await dryRun()).expect(10);
    env.write("web.ts", web);
    expect((await dryRun()).expect(0).json(deployResultSchema)).toMatchObject({ changed: false, state: "ready" });
    expect(artifacts()).toEqual(kept);
    expect((await env.run(["health"])).code).toBe(7);
    (await env.run(["stop"])).expect();
    (await dryRun()).expect(10);
  });

  test("refuses what deploy would refuse", async () => {
    await using env = soloEnv();
    const broken = env.write("broken.ts", "export default {");
    expect((await env.run(["deploy", broken, "--dry-run", "--json"])).expect(2).json()).toMatchObject({
      error: { code: "invalid_source" },
    });
    env.write("solo.toml", `[service.web]\nsource = "web.ts"\ndepends_on = { db = "started" }\n`);
    env.write("web.ts", web);
    (await env.run(["deploy", "--file", "solo.toml", "--dry-run"])).expect(2);
    expect(existsSync(env.dataDir)).toBe(false);
  });
});
