import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { childrenOf, readEnvironment } from "../../src/system/index.ts";
import { processesOf, type SoloEnv, soloEnv, waitFor } from "../support/index.ts";

/** The process of a first instance is started while its source is still being bundled: nobody may notice. */

let env: SoloEnv;
beforeAll(() => {
  env = soloEnv();
});
afterAll(() => env[Symbol.asyncDispose]());

const late = `export default { fetch: () => new Response("late") };`;
const readCommand = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, "latin1");
const fifos = () => readdirSync(join(env.dataDir, "run/fifos"));

/** The processes of a service that were started early, whatever they do by now. */
const earlyHosts = (service: string) =>
  processesOf(env.root).filter(({ pid, command }) => {
    return command.includes("__host early") && readEnvironment(pid)?.get("SOLO_SERVICE") === service;
  });

const kernelPid = async () => z.object({ pid: z.int() }).parse((await env.run(["health", "--json"])).json()).pid;

/** Keeps the bundler from working, so that what was started early waits. */
async function haltedBuilder(): Promise<{ go: () => void }> {
  (
    await env.run([
      "deploy",
      env.write(`awake-${Date.now()}.ts`, `export default { fetch: () => new Response("awake") };`),
      "awake",
    ])
  ).expect();
  const builder = childrenOf(await kernelPid()).find((pid) => readCommand(pid).includes("__build")) ?? 0;
  process.kill(builder, "SIGSTOP");
  const go = () => {
    try {
      process.kill(builder, "SIGCONT");
    } catch {
      // It ended with its kernel.
    }
  };
  return { go };
}

test("an instance that was started early finds what a restarted one finds", async () => {
  const source = `
    import { execSync } from "node:child_process";
    import { Worker as Thread } from "node:worker_threads";
    const inWorker = new Promise((resolve) => {
      const code = new Blob(["postMessage({ ...process.env })"]);
      new Worker(URL.createObjectURL(code)).onmessage = ({ data }) => resolve(data);
    });
    const inThread = new Promise((resolve) => {
      new Thread("require('node:worker_threads').parentPort.postMessage({ ...process.env })", { eval: true }).once("message", resolve);
    });
    const sorted = (text) => text.trim().split("\\n").sort();
    const parsed = (variables) => Object.entries(variables).map(([name, value]) => name + "=" + value).sort();
    console.log("output of", process.env.SOLO_INSTANCE);
    export default { async fetch(request) {
      if (request.url.endsWith("/crash")) setTimeout(() => process.exit(1));
      return Response.json({
        own: parsed(process.env),
        bun: parsed(Bun.env),
        spawned: sorted(Bun.spawnSync(["env"]).stdout.toString()),
        child: sorted(execSync("env").toString()),
        worker: parsed(await inWorker),
        thread: parsed(await inThread),
        cwd: process.cwd(),
        argv: process.argv,
        main: Bun.main === process.argv[1],
        title: process.title,
        stdin: require("node:fs").readlinkSync("/proc/self/fd/0"),
      });
    } };`;
  const args = ["deploy", env.write("told/tell.ts", source), "--env", "LANG=C.UTF-8", "--env", "AT=$PORT"];
  (await env.run([...args, "--restart", "permanent"])).expect();
  const told = async () =>
    JSON.parse((await (await env.fetch("tell")).text()).replaceAll(/\b2\d{4}\b|\b3[0-2]\d{3}\b/g, "PORT"));
  const early = await told();
  expect(early.spawned).toContain(
    `SOLO_REVISION=${early.own.find((line: string) => line.startsWith("SOLO_REVISION="))?.slice(14)}`,
  );
  expect(JSON.stringify(early)).not.toMatch(/SOLO_KEY|SOLO_CONTROL/);
  // Its answer may get lost with it.
  await env.fetch("tell", "/crash").catch(() => undefined);
  await waitFor(async () => (await env.run(["status", "tell", "--json"])).stdout.includes('"restarts":1'), {
    what: "a restart",
  });
  expect(await told()).toEqual(early);
  expect((await env.run(["logs", "tell"])).expect().stdout.match(/output of/g)).toHaveLength(2);
});

test("a source that can't be bundled leaves no process and no file", async () => {
  const before = fifos();
  const failed = await env.run(["deploy", env.write("broken.ts", "export default {"), "--json"]);
  expect(failed.json()).toMatchObject({ error: { code: "invalid_source", applied: "no" } });
  expect(fifos()).toEqual(before);
  await waitFor(() => earlyHosts("broken").length === 0, { what: "the process to be gone" });
});

test("one of several replicas was started early, and one whose process dies meanwhile is started anew", async () => {
  (
    await env.run([
      "deploy",
      env.write("three.ts", `export default { fetch: () => new Response("three") };`),
      "--replicas",
      "3",
    ])
  ).expect();
  expect(await (await env.fetch("three")).text()).toBe("three");

  const builder = await haltedBuilder();
  const deploying = env.run(["deploy", env.write("killed.ts", late), "--json"]);
  await waitFor(() => earlyHosts("killed").length === 1, { what: "a process that waits" });
  for (const { pid } of earlyHosts("killed")) process.kill(pid, "SIGKILL");
  await waitFor(() => earlyHosts("killed").length === 0, { what: "it to be gone" });
  builder.go();
  expect((await deploying).expect().json()).toMatchObject({ service: "killed", state: "ready" });
  expect(await (await env.fetch("killed")).text()).toBe("late");
});

test("a bundle that another service has already is run from where that one has it", async () => {
  const source = env.write("twin.ts", late);
  for (const name of ["first", "second"]) {
    (await env.run(["deploy", source, name])).expect();
    expect(await (await env.fetch(name)).text()).toBe("late");
  }
  expect(readdirSync(join(env.dataDir, "artifacts")).filter((name) => name.startsWith("."))).toEqual([]);
});

test("a deploy that is called off ends its process", async () => {
  const builder = await haltedBuilder();
  const deploying = env.run(["deploy", env.write("unwanted.ts", late), "--json"]);
  await waitFor(() => earlyHosts("unwanted").length === 1, { what: "a process that waits" });
  (await env.run(["stop", "--json"])).expect();
  builder.go();
  expect((await deploying).code).not.toBe(0);
  expect(earlyHosts("unwanted")).toEqual([]);
  (await env.run(["start"])).expect();
});

test("a kernel that dies leaves no process that waits for it", async () => {
  const builder = await haltedBuilder();
  const deploying = env.run(["deploy", env.write("orphan.ts", late), "--json"]);
  await waitFor(() => earlyHosts("orphan").length === 1, { what: "a process that waits" });
  process.kill(await kernelPid(), "SIGKILL");
  await waitFor(() => earlyHosts("orphan").length === 0, { what: "it to end by itself" });
  builder.go();
  expect((await deploying).json()).toMatchObject({ error: { code: "outcome_unknown" } });
  await waitFor(async () => (await env.run(["health", "--json"])).code === 0, { what: "the next kernel" });
  expect((await env.run(["status", "orphan", "--json"])).json()).toMatchObject({ error: { code: "not_found" } });
});
