import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { soloEnv } from "../support/index.ts";

/** Nothing in the environment or the working directory makes foreign code run inside the binary or its services. */

const injections: [what: string, variables: (script: string) => Record<string, string>][] = [
  ["BUN_OPTIONS", (script) => ({ BUN_OPTIONS: `--preload ${script}` })],
  ["BUN_OPTIONS with -r", (script) => ({ BUN_OPTIONS: `-r ${script}` })],
  ["BUN_BE_BUN", () => ({ BUN_BE_BUN: "1" })],
  ["BUN_INSPECT_PRELOAD", (script) => ({ BUN_INSPECT_PRELOAD: script, BUN_INSPECT: "127.0.0.1:0" })],
  ["NODE_OPTIONS", (script) => ({ NODE_OPTIONS: `--require ${script} --import ${script}` })],
];

/** A script that leaves a mark, in a folder of its own. */
function trap(env: ReturnType<typeof soloEnv>): { script: string; wasRun: () => boolean } {
  const mark = join(env.root, "mark");
  const script = env.write("trap.js", `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "run");`);
  return { script, wasRun: () => existsSync(mark) };
}

describe.each(injections)("%s", (_, variables) => {
  test("runs nothing in a command, and the command works as ever", async () => {
    await using env = soloEnv();
    const { script, wasRun } = trap(env);
    const result = await env.run(["version", "--json"], { env: variables(script) });
    expect(result.expect().json()).toMatchObject({ name: "solo" });
    expect(wasRun()).toBe(false);
  });

  test("runs nothing in the daemon or a service, and does not reach the service", async () => {
    await using env = soloEnv();
    const { script, wasRun } = trap(env);
    const service = env.write(
      "tell.ts",
      `export default { fetch: () => Response.json({ variables: process.env, arguments: process.execArgv }) };`,
    );
    (await env.run(["deploy", service], { env: variables(script) })).expect();
    const told = await (await env.fetch("tell")).text();
    for (const name of Object.keys(variables(script))) expect(told).not.toContain(name);
    expect(told).not.toContain("trap.js");
    expect(wasRun()).toBe(false);
  });
});

test("the trap works on plain Bun, so that the tests above mean something", async () => {
  await using env = soloEnv();
  const { script, wasRun } = trap(env);
  const harmless = env.write("harmless.js", "");
  const child = Bun.spawn([process.execPath, harmless], { env: { BUN_OPTIONS: `--preload ${script}` } });
  expect(await child.exited).toBe(0);
  expect(wasRun()).toBe(true);
});

test("a bunfig.toml with a preload in the working directory runs nothing", async () => {
  await using env = soloEnv();
  const { script, wasRun } = trap(env);
  env.write("bunfig.toml", `preload = [${JSON.stringify(script)}]\n[run]\npreload = [${JSON.stringify(script)}]\n`);
  const service = env.write("tell.ts", `export default { fetch: () => new Response("told") };`);
  (await env.run(["version"])).expect();
  (await env.run(["deploy", service])).expect();
  expect(await (await env.fetch("tell")).text()).toBe("told");
  expect(wasRun()).toBe(false);
});

test("a .env in the working directory changes nothing", async () => {
  await using env = soloEnv();
  env.write(".env", "SOLO_TENANT=intruder\nSTOLEN=yes\n");
  const service = env.write("tell.ts", `export default { fetch: () => Response.json(process.env) };`);
  const deployed = (await env.run(["deploy", service, "--json"])).expect().json();
  expect(deployed).toMatchObject({ tenant: "default" });
  expect(await (await env.fetch("tell")).json()).not.toHaveProperty("STOLEN");
});
