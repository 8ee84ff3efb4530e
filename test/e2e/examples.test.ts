import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type SoloEnv, soloEnv, waitFor } from "../support/index.ts";

/** Every example runs as it stands, by the command that it names, from the root of the project. */

const root = join(import.meta.dir, "../..");

/** What an example does once it is deployed. */
const examples: Readonly<Record<string, { readonly deploy: string; readonly check: (env: SoloEnv) => Promise<void> }>> =
  {
    agent: {
      deploy: commandIn("agent/solo.toml"),
      async check(env) {
        const budget = (await env.run(["budget", "agent"])).expect().stdout;
        expect(budget).toMatch(/tokens +200000 +0 +0 +200000/);
        (await env.run(["effects", "list", "agent"])).expect();
      },
    },
    "agent-python": {
      deploy: commandIn("agent-python/solo.toml"),
      async check(env) {
        const call = async (...words: string[]) => (await env.run(["call", "notes", ...words])).expect().stdout;
        expect(JSON.parse(await call("remember", '{"text": "water the plants"}'))).toEqual({ number: 1 });
        expect(JSON.parse(await call("recall"))).toEqual(["water the plants"]);
      },
    },
    "agent-scheme": {
      deploy: commandIn("agent-scheme/solo.toml"),
      async check(env) {
        const call = async (...words: string[]) => (await env.run(["call", "counters", ...words])).expect().stdout;
        expect(await call("add", '{"name": "visits", "amount": 3}')).toBe("3\n");
        expect(await call("value", '"visits"')).toBe("3\n");
      },
    },
    command: {
      deploy: commandIn("command/solo.toml"),
      async check(env) {
        expect((await env.fetch("files")).status).toBe(200);
        await logged(env, "ticker", /^\d\d:\d\d:\d\d$/m);
        (await env.run(["kill", "ticker"])).expect();
        await logged(env, "ticker", /ticker ends/);
      },
    },
    counter: {
      deploy: "solo deploy examples/counter/service.ts",
      async check(env) {
        const hits = async (init?: RequestInit) => (await env.fetch("counter", "/", init)).json();
        expect(await hits()).toMatchObject({ hits: 1 });
        expect(await hits()).toMatchObject({ hits: 2 });
        expect(await hits({ method: "DELETE" })).toMatchObject({ hits: 0 });
      },
    },
    hono: {
      deploy: "solo deploy examples/hono",
      async check(env) {
        expect(await (await env.fetch("hono")).text()).toBe("hello from Hono\n");
        expect(await (await env.fetch("hono", "/greet/you")).json()).toEqual({ greeting: "hello you" });
      },
    },
    http: {
      deploy: "solo deploy examples/http/server.ts http",
      async check(env) {
        expect(await (await env.fetch("http")).text()).toBe("hello\n");
        expect(await (await env.fetch("http", "/health")).json()).toEqual({ status: "healthy" });
      },
    },
    pipeline: {
      deploy: "solo deploy examples/pipeline/pipeline.ts",
      async check(env) {
        const sent = await env.fetch("pipeline", "/", {
          method: "POST",
          body: "roof 21.5\ncellar 12\nroof 0.5\nbroken",
        });
        expect(sent.status).toBe(202);
        await logged(env, "pipeline", /added/);
        const totals = await (await env.fetch("pipeline")).json();
        expect(totals).toMatchObject({ cellar: { count: 1, sum: 12 }, roof: { count: 2, sum: 22 } });
      },
    },
    pool: {
      deploy: "solo deploy examples/pool/pool.ts --replicas 3",
      async check(env) {
        for (const body of ["one", "one two", "one two three"]) await env.fetch("pool", "/", { method: "POST", body });
        const done = async () => Object(await (await env.fetch("pool")).json()).jobs;
        const jobs = await waitFor(
          async () => {
            const now: Record<string, { state: string; output?: number }> = await done();
            return Object.values(now).every(({ state }) => state === "done") ? now : undefined;
          },
          { what: "the jobs to be done" },
        );
        expect(Object.values(jobs).map(({ output }) => output)).toEqual([1, 2, 3]);
      },
    },
    stack: {
      deploy: commandIn("stack/solo.toml"),
      async check(env) {
        await logged(env, "prepare", /prepared/);
        expect((await env.fetch("api", "/value")).status).toBe(200);
        const shop = { headers: { host: `shop.localhost:${env.ingressPort}` } };
        expect(await (await fetch(`http://127.0.0.1:${env.ingressPort}/`, shop)).text()).toBe("hello from Hono\n");
      },
    },
    wasm: {
      deploy: commandIn("wasm/solo.toml"),
      async check(env) {
        await logged(env, "primes", /^15 primes up to 50$/m);
        const state = async () => (await env.run(["status", "primes", "--json"])).stdout;
        await waitFor(async () => (await state()).includes(`"state":"completed"`), { what: "the module to complete" });
      },
    },
    worker: {
      deploy: "solo deploy examples/worker/worker.ts",
      async check(env) {
        await logged(env, "worker", /found 2 3 5 7 11/);
        (await env.run(["kill", "worker"])).expect();
        await logged(env, "worker", /ended before 12/);
      },
    },
  };

test("none is left out", () => {
  expect(readdirSync(join(root, "examples")).sort()).toEqual(Object.keys(examples).sort());
});

const all = Object.entries(examples).map(([name, example]) => ({ name, ...example }));

test.each(all)("$name", async ({ deploy, check }) => {
  await using env = soloEnv();
  (await env.run(deploy.split(" ").slice(1), { cwd: root })).expect();
  await check(env);
  const { stdout } = (await env.run(["list"])).expect();
  for (const name of stdout
    .split("\n")
    .slice(1)
    .map((line) => line.split(" ")[0] ?? "")) {
    if (name !== "") (await env.run(["kill", name])).expect();
  }
});

/** The command that a project file tells its reader to run. */
function commandIn(file: string): string {
  const command = /Deploy with: (solo .+)/.exec(readFileSync(join(root, "examples", file), "utf8"))?.[1];
  if (command === undefined) throw new Error(`examples/${file} does not say how to deploy it`);
  return command;
}

function logged(env: SoloEnv, service: string, pattern: RegExp): Promise<unknown> {
  const isLogged = async () => pattern.test((await env.run(["logs", service])).stdout);
  return waitFor(isLogged, { what: `${service} to print ${pattern}` });
}
