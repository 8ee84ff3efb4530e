import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type SoloEnv, soloEnv } from "../support/index.ts";

/**
 * What lies in a service's folder, and what it is given as its environment, runs nothing that its source does not name. The
 * side of commands and daemon: environment.test.ts.
 */

interface Trap {
  readonly script: string;
  readonly wasRun: () => boolean;
}

/** A script that leaves a mark when it is run. */
function trap(env: SoloEnv): Trap {
  const mark = join(env.root, "mark");
  const script = env.write("trap.js", `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "run");`);
  return { script, wasRun: () => existsSync(mark) };
}

/** Puts into a folder whatever Bun reads from a working directory by itself. */
function bait(env: SoloEnv, folder: string, { script }: Trap): void {
  const preload = `preload = [${JSON.stringify(script)}]\n`;
  env.write(join(folder, "bunfig.toml"), `${preload}[run]\n${preload}[test]\n${preload}`);
  for (const name of [".env", ".env.local", ".env.production", ".env.development"]) {
    env.write(join(folder, name), `STOLEN=yes\nSOLO_TENANT=intruder\nBUN_OPTIONS="--preload ${script}"\n`);
  }
}

const telling = `console.log("started");
export default { fetch: () => Response.json({ variables: process.env, cwd: process.cwd() }) };`;

test("bunfig.toml and .env in a service's folder run nothing and set nothing", async () => {
  await using env = soloEnv();
  const set = trap(env);
  bait(env, "service", set);
  env.write("service/package.json", `{ "name": "service", "main": "index.ts" }`);
  env.write("service/index.ts", telling);
  for (const args of [["./service"], ["./service/index.ts", "file"], ["./service", "there", "--cwd", "service"]]) {
    (await env.run(["deploy", ...args])).expect();
    const told = await (await env.fetch(args[1] ?? "service")).text();
    expect(told).toContain(join(env.root, "service"));
    expect(told).not.toMatch(/STOLEN|intruder|trap\.js/);
  }
  (await env.run(["restart", "service"])).expect();
  expect(set.wasRun()).toBe(false);
});

test("bunfig.toml and .env where the kernel was started run nothing and set nothing", async () => {
  await using env = soloEnv();
  const set = trap(env);
  bait(env, "here", set);
  const here = { cwd: join(env.root, "here") };
  const kernel = env.follow(["start", "--foreground"], here);
  await kernel.line(/serves/);
  const path = env.write("here/tell.ts", telling);
  expect((await env.run(["deploy", path, "--json"], here)).expect().json()).toMatchObject({ tenant: "default" });
  expect(await (await env.fetch("tell")).text()).not.toMatch(/STOLEN|intruder|trap\.js/);
  const printing = env.write("here/print.ts", "console.log(JSON.stringify(process.env));");
  expect((await env.run(["run", printing], here)).expect().stdout).not.toMatch(/STOLEN|intruder|trap\.js/);
  expect(set.wasRun()).toBe(false);
});

test("a service that is given BUN_OPTIONS and its like gets them as plain variables", async () => {
  await using env = soloEnv();
  const { script, wasRun } = trap(env);
  const given = [
    `BUN_OPTIONS=--preload ${script}`,
    "BUN_BE_BUN=1",
    `NODE_OPTIONS=--require ${script}`,
    `BUN_INSPECT_PRELOAD=${script}`,
  ];
  const flags = given.flatMap((variable) => ["--env", variable]);
  (await env.run(["deploy", env.write("tell.ts", telling), ...flags])).expect();
  expect(await (await env.fetch("tell")).text()).toContain(script);
  expect((await env.run(["logs", "tell"])).expect().stdout).toContain("started");
  expect(wasRun()).toBe(false);
});

test("nothing of the shell reaches a program either, but what it is given", async () => {
  await using env = soloEnv();
  const shell = { SECRET_OF_THE_SHELL: "hidden", LD_PRELOAD_NOT: "x", BUN_OPTIONS: "--smol", PASSED_ON: "seen" };
  const flags = ["--restart", "temporary", "--env", "PASSED_ON", "--env", "OWN=1"];
  (await env.run(["deploy", "env", ...flags], { env: shell })).expect();
  const printed = (await env.run(["logs", "env"])).expect().stdout;
  expect(printed).toContain("PASSED_ON=seen");
  expect(printed).toContain("OWN=1");
  expect(printed).not.toMatch(/SECRET_OF_THE_SHELL|LD_PRELOAD_NOT|BUN_OPTIONS/);
  const names = printed.split("\n").flatMap((line) => /^\S*?\s*([A-Z_]+)=/.exec(line)?.[1] ?? []);
  expect(
    names.filter((name) => !/^(PORT|SOLO_\w+|PASSED_ON|OWN|PATH|HOME|PWD|SHLVL|_|TMPDIR|STATE_DIRECTORY)$/.test(name)),
  ).toEqual([]);
});
