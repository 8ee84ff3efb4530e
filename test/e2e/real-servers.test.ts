import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { processesOf, type SoloEnv, soloEnv, waitFor } from "../support/index.ts";

/** Programs that know nothing of Solo, as Debian ships them. */

const status = z.object({
  state: z.string(),
  ready: z.int(),
  restarts: z.int(),
  instances: z.array(z.object({ pid: z.int().nullable(), port: z.int(), adopted: z.boolean() })),
  health: z.object({ status: z.string(), probes: z.array(z.object({ type: z.string(), ok: z.boolean().nullable() })) }),
});

async function statusOf(env: SoloEnv, name: string) {
  return (await env.run(["status", name, "--json"])).expect().json(status);
}

async function instanceOf(env: SoloEnv, name: string): Promise<{ pid: number; port: number }> {
  const [instance] = (await statusOf(env, name)).instances;
  if (!instance?.pid) throw new Error(`${name} has no process`);
  return { pid: instance.pid, port: instance.port };
}

/** A project of nginx and redis with a probe of each kind, and a page for nginx to serve; nginx says what it writes. */
function writeProject(env: SoloEnv): void {
  const files = join(env.root, "nginx");
  mkdirSync(files);
  writeFileSync(join(files, "page.html"), "a page\n");
  // As root its workers would be another user, who may not enter a test's folder; else the directive is passed over.
  // nginx knows no variables: a shell writes the port into its configuration, and becomes nginx.
  env.write(
    "nginx.conf.in",
    `user root; daemon off; pid ${files}/nginx.pid; worker_processes 2; error_log /dev/stderr;
events { worker_connections 64; }
http {
  access_log /dev/stdout;
  client_body_temp_path ${files}/body; proxy_temp_path ${files}/proxy;
  fastcgi_temp_path ${files}/fastcgi; uwsgi_temp_path ${files}/uwsgi; scgi_temp_path ${files}/scgi;
  server { listen 127.0.0.1:PORT; root ${files}; location /health { return 204; } }
}
`,
  );
  env.write(
    "solo.toml",
    `[service.web]
command = ["sh", "-c", "sed s/PORT/$PORT/ nginx.conf.in > nginx/nginx.conf && exec /usr/sbin/nginx -p nginx -c nginx.conf"]
health = { http = "/health", interval = "100ms", timeout = "1s" }
depends_on = { cache = "healthy" }
sandbox = { read = ["nginx.conf.in"], write = ["nginx"] }

[service.cache]
command = ["/usr/bin/redis-server", "--port", "$PORT", "--bind", "127.0.0.1", "--save", "", "--dir", "."]
stop_grace = "5s"

[service.cache.health]
interval = "100ms"
startup = { tcp = true }
liveness = { exec = ["sh", "-c", "redis-cli -p $PORT ping | grep -q PONG"] }
`,
  );
}

function redis(port: number, ...words: string[]): string {
  return Bun.spawnSync(["redis-cli", "-p", String(port), ...words])
    .stdout.toString()
    .trim();
}

test("nginx and redis run with probes, survive a kill -9 of the kernel, and leave nothing when they are killed", async () => {
  await using env = soloEnv();
  writeProject(env);
  (await env.run(["deploy", "--file", "solo.toml"])).expect();
  const page = async () => (await env.fetch("web", "/page.html")).text();
  expect(await page()).toBe("a page\n");
  const [nginx, cache] = [await instanceOf(env, "web"), await instanceOf(env, "cache")];
  expect(redis(cache.port, "set", "colour", "green")).toBe("OK");
  await waitFor(async () => (await statusOf(env, "cache")).health.probes.every(({ ok }) => ok === true), {
    what: "redis-cli ping to answer",
  });

  const kernel = (await env.run(["health", "--json"])).expect().json(z.object({ pid: z.int() })).pid;
  process.kill(kernel, "SIGKILL");
  // Nobody needs a kernel for this.
  expect(redis(cache.port, "get", "colour")).toBe("green");
  expect(await (await fetch(`http://127.0.0.1:${nginx.port}/page.html`)).text()).toBe("a page\n");
  await waitFor(async () => (await env.run(["health"])).code === 0, { what: "the next kernel" });
  for (const [name, former] of [["web", nginx] as const, ["cache", cache] as const]) {
    const now = await statusOf(env, name);
    expect(now).toMatchObject({ state: "ready", ready: 1, restarts: 0 });
    expect(now.instances).toMatchObject([{ pid: former.pid, port: former.port, adopted: true }]);
  }
  expect(redis(cache.port, "get", "colour")).toBe("green");
  expect(await page()).toBe("a page\n");
  // nginx writes a request down after it has answered it.
  const requests = async () => (await env.run(["logs", "web"])).stdout.match(/GET \/page.html HTTP\/1.1" 200/g)?.length;
  await waitFor(async () => (await requests()) === 3, { what: "the log of three requests, one without a kernel" });

  const killed = (await env.run(["kill", "web", "--json"])).expect().json();
  expect(killed).toMatchObject({ state: "stopped", instances: [{ pid: nginx.pid, exit_code: 0 }] });
  (await env.run(["kill", "cache"])).expect();
  expect(processesOf(env.root).filter(({ command }) => /nginx|redis/.test(command))).toEqual([]);
});

test("redis may write in its own folder, and is told of what it may not", async () => {
  await using env = soloEnv();
  const deploy = (folder: string, ...flags: string[]) => {
    const args = ["--port", "$PORT", "--bind", "127.0.0.1", "--save", "", "--dir", folder];
    return env.run(["deploy", "redis-server", "cache", ...flags, "--", ...args]);
  };
  (await deploy("$STATE_DIRECTORY")).expect();
  expect(redis((await instanceOf(env, "cache")).port, "save")).toBe("OK");
  (await deploy(env.notes)).expect();
  expect(redis((await instanceOf(env, "cache")).port, "save")).toMatch(/ERR/);
  const advised = async () => (await env.run(["logs", "cache"])).stdout.includes(`--allow-write ${env.notes}`);
  await waitFor(advised, { what: "the flag to be named in its log" });
  (await deploy(env.notes, "--allow-write", env.notes)).expect();
  expect(redis((await instanceOf(env, "cache")).port, "save")).toBe("OK");
  (await env.run(["kill", "cache"])).expect();
});

test("a redis that hangs is restarted by its probe", async () => {
  await using env = soloEnv();
  const ping = "timeout 0.5 redis-cli -p $PORT ping | grep -q PONG";
  const flags = ["--health-exec", ping, "--json"];
  const command = ["/usr/bin/redis-server", "--port", "$PORT", "--bind", "127.0.0.1", "--save", "", "--dir", env.root];
  (await env.run(["deploy", "redis-server", "cache", ...flags, "--", ...command.slice(1)])).expect();
  const { pid } = await instanceOf(env, "cache");
  process.kill(pid, "SIGSTOP");
  const isNew = async () => {
    const { ready, restarts, instances } = await statusOf(env, "cache");
    return ready === 1 && restarts === 1 && instances[0]?.pid !== pid;
  };
  await waitFor(isNew, { what: "another redis", deadlineMs: 30_000 });
}, 60_000);

describe("servers of other languages", () => {
  test("python's http.server", async () => {
    await using env = soloEnv();
    env.write("public/index.txt", "from python");
    const args = ["-u", "-m", "http.server", "--bind", "127.0.0.1", "$PORT"];
    const cwd = join(env.root, "public");
    (await env.run(["deploy", "python3", "files", "--cwd", cwd, "--", ...args])).expect();
    expect(await (await env.fetch("files", "/index.txt")).text()).toBe("from python");
    const killed = (await env.run(["kill", "files", "--json"])).expect().json();
    expect(killed).toMatchObject({ state: "stopped" });
  });

  test("a node server that forks workers, which all end with it", async () => {
    await using env = soloEnv();
    const program = env.write(
      "cluster/cluster.cjs",
      `const cluster = require("node:cluster"), http = require("node:http");
if (cluster.isPrimary) for (let i = 0; i < 2; i++) cluster.fork();
else http.createServer((_, response) => response.end("worker " + process.pid)).listen(process.env.PORT, "127.0.0.1");`,
    );
    const cwd = join(env.root, "cluster");
    (await env.run(["deploy", "node", "workers", "--cwd", cwd, "--", program, "$PORT"])).expect();
    const answer = await (await env.fetch("workers")).text();
    expect(answer).toStartWith("worker ");
    (await env.run(["kill", "workers"])).expect();
    expect(existsSync(`/proc/${answer.slice("worker ".length)}`)).toBe(false);
  });

  test("one that takes its port from the environment and says so nowhere is found once it listens", async () => {
    await using env = soloEnv();
    env.write(
      "server.cjs",
      `const { existsSync } = require("node:fs"), http = require("node:http");
const server = http.createServer((_, response) => response.end("found"));
const look = setInterval(() => {
  if (!existsSync("go")) return;
  clearInterval(look);
  server.listen(process.env.PORT, "127.0.0.1");
}, 10);`,
    );
    const url = z.object({ url: z.string().nullable() });
    const deployed = (await env.run(["deploy", "node", "late", "--json", "--", "server.cjs"])).expect().json(url);
    expect(deployed.url).toBeNull();
    const early = env.fetch("late");
    env.write("go", "");
    expect(await (await early).text()).toBe("found");
    const shown = async () => (await env.run(["status", "late", "--json"])).expect().json(url).url;
    expect(await shown()).toBe(`http://late.localhost:${env.ingressPort}/`);

    const kernel = (await env.run(["health", "--json"])).expect().json(z.object({ pid: z.int() })).pid;
    process.kill(kernel, "SIGKILL");
    await waitFor(async () => (await env.run(["health"])).code === 0, { what: "the next kernel" });
    expect(await (await env.fetch("late")).text()).toBe("found");
  });
});
