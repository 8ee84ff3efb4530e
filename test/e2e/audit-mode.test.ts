import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { sandboxDocumentSchema } from "../../src/api/index.ts";
import { freePort, type Server, type SoloEnv, soloEnv, startRedis, waitFor } from "../support/index.ts";

/** Programs are let do what they do, what they used is suggested, and with that alone they work: with a line less they don't. */

let env: SoloEnv;
let redis: Server;
const extraPort = freePort();
const names = ["files", "web", "app"] as const;
type Name = (typeof names)[number];

const suggestionSchema = z.object({
  source: z.string(),
  sandbox: z.object({
    read: z.array(z.string()),
    write: z.array(z.string()),
    connect: z.array(z.int()),
    listen: z.array(z.int()),
  }),
  call: z.array(z.string()).nullable(),
  state: z.boolean().nullable(),
  toml: z.string(),
  unused: z.array(z.object({ setting: z.string(), value: z.string() })),
  left_out: z.array(z.object({ target: z.string() })),
  unseen: z.int(),
});

const filesProgram = `import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            names = sorted(os.listdir(os.environ["DATA"]))
            text = "".join(open(os.path.join(os.environ["DATA"], name)).read() for name in names)
            with open(os.path.join(os.environ["OUT"], "visits.txt"), "a") as visits:
                visits.write("one\\n")
            self.answer(200, text)
        except OSError as error:
            self.answer(500, str(error))
    def answer(self, status, text):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())
    def log_message(self, *words):
        pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
`;

const appProgram = `import { defineService } from "solo";
const { CONFIG = "", REDIS, EXTRA } = process.env;
const ping = () => new Promise((resolve) => {
  Bun.connect({ hostname: "127.0.0.1", port: Number(REDIS), socket: {
    open: (socket) => void socket.write("PING\\r\\n"),
    data: (socket, bytes) => { resolve(String(bytes).trim()); socket.end(); },
    connectError: (_, error) => resolve(error.code),
  } }).catch((error) => resolve(error.code));
});
export default defineService({
  start() { Bun.listen({ hostname: "127.0.0.1", port: Number(EXTRA), socket: { data() {} } }); },
  methods: {
    async work(_, ctx) {
      const config = (await Bun.file(CONFIG).text()).trim();
      const helped = await ctx.call("helper", "help", {}).catch((error) => error.code);
      return { config, redis: await ping(), helped, hits: await ctx.state.increment("hits") };
    },
  },
});
`;

/** The project, with what is added to each service. */
function project(additions: Readonly<Record<Name, string>>): string {
  const { root } = env;
  return `[service.files]
command = ["/usr/bin/python3", "-S", "server.py", "$PORT"]
cwd = "files"
env = { DATA = "${root}/data-of-files", OUT = "${root}/out" }
[service.web]
command = ["/bin/sh", "-c", "sed s/PORT/$PORT/ web/nginx.conf.in > nginx/nginx.conf && exec /usr/sbin/nginx -p ${root}/nginx -c nginx.conf"]
health = { http = "/page1.html", interval = "100ms" }
[service.app]
source = "app/app.ts"
env = { CONFIG = "${root}/settings/app.conf", REDIS = "${redis.port}", EXTRA = "${extraPort}" }
[service.helper]
source = "helper/helper.ts"
${Object.values(additions).join("\n")}
`;
}

const inAudit = (name: Name) => `[service.${name}.sandbox]\nmode = "audit"\nmax_files = 512`;

async function deploy(additions: Readonly<Record<Name, string>>) {
  env.write("solo.toml", project(additions));
  // A former one would have the port that it listens on beside its own.
  (await env.run(["kill", "app"])).expect();
  return (await env.run(["deploy", "--file", "solo.toml", "--json"], { timeoutMs: 120_000 })).expect();
}

/** What all of them are there for. */
async function traffic() {
  const called = await env.run(["call", "app", "work", "--json"]);
  const work = called.json(
    z.object({ output: z.record(z.string(), z.unknown()).optional(), error: z.unknown().optional() }),
  );
  const pages = await Promise.all([1, 2, 3, 4].map((page) => env.fetch("web", `/page${page}.html`)));
  const files = await env.fetch("files");
  return {
    work: work.output ?? work.error,
    web: await Promise.all(pages.map(async (page) => `${page.status} ${(await page.text()).trim()}`)),
    files: `${files.status} ${(await files.text()).trim()}`,
  };
}

async function suggested(name: Name) {
  return (await env.run(["capability", "suggest", name, "--json"])).expect().json(suggestionSchema);
}

async function sandboxOf(name: Name) {
  return (await env.run(["sandbox", "show", name, "--json"])).expect().json(sandboxDocumentSchema);
}

beforeAll(async () => {
  env = soloEnv();
  redis = await startRedis();
  for (const folder of ["out", "nginx"]) mkdirSync(join(env.root, folder));
  env.write("files/server.py", filesProgram);
  for (const name of ["a", "b"]) env.write(`data-of-files/${name}.txt`, `${name}\n`);
  for (const page of [1, 2, 3, 4]) env.write(`site/pages/page${page}.html`, `page ${page}\n`);
  // As root its workers would be another user, who may not enter a test's folder.
  env.write(
    "web/nginx.conf.in",
    `user root; daemon off; pid nginx.pid; worker_processes 1; error_log /dev/stderr;
events { worker_connections 64; }
http {
  access_log ${env.root}/nginx/access.log;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server { listen 127.0.0.1:PORT; root ${env.root}/site/pages; }
}
`,
  );
  env.write("settings/app.conf", "a setting\n");
  env.write("app/app.ts", appProgram);
  env.write(
    "helper/helper.ts",
    `import { defineService } from "solo"; export default defineService({ methods: { help: () => "helped" } });`,
  );
});

afterAll(async () => {
  await env[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

test("in audit mode all is let happen but what other services' owners refuse, and that is said loudly", async () => {
  env.write("solo.toml", project({ files: inAudit("files"), web: inAudit("web"), app: inAudit("app") }));
  const deployed = (await env.run(["deploy", "--file", "solo.toml"], { timeoutMs: 120_000 })).expect();
  expect(deployed.stderr).toContain("files, web, app run in audit mode: no file and no port is refused");
  expect(await traffic()).toEqual({
    work: { config: "a setting", redis: "+PONG", helped: "forbidden", hits: 1 },
    web: [1, 2, 3, 4].map((page) => `200 page ${page}`),
    files: "200 a\nb",
  });
  expect((await env.run(["status", "web"])).stdout).toContain("AUDIT: no file and no port is refused");
  expect((await env.run(["list"])).stdout).toMatch(/^web .*AUDIT/m);
  const shown = (await env.run(["sandbox", "show", "web"])).expect().stdout;
  expect(shown).toContain("no file and no port is refused to it");
  const { score, instances, connect } = await sandboxOf("web");
  expect(connect).toBe("any");
  expect(score).toBeLessThan(50);
  expect(instances).toMatchObject([{ confined: false, no_new_privileges: true }]);
});

test("who may deploy, but not without a sandbox, may not deploy in audit mode", async () => {
  const grant = ["capability", "grant", "--resource", "tenant", "--role", "deployer", "--json"];
  const { token } = (await env.run(grant)).expect().json(z.object({ token: z.string() }));
  const refused = await env.run(["deploy", "/bin/true", "secretly", "--sandbox-audit"], { env: { SOLO_TOKEN: token } });
  expect(refused.code).toBe(4);
  expect(refused.stderr).toContain("unsandboxed");
});

test("what was used is suggested, and nothing that every service has anyway", async () => {
  const { root } = env;
  const wanted = {
    files: { read: [`${root}/data-of-files`], write: [`${root}/out`], connect: [], listen: [] },
    web: {
      read: [`${root}/site/pages`, `${root}/web/nginx.conf.in`],
      write: [`${root}/nginx`],
      connect: [],
      listen: [],
    },
    app: { read: [`${root}/settings/app.conf`], write: [], connect: [redis.port], listen: [extraPort] },
  };
  for (const name of names) {
    const isWanted = async () => Bun.deepEquals((await suggested(name)).sandbox, wanted[name]);
    await waitFor(isWanted, { what: `the suggestion for ${name}` }).catch(() => undefined);
    const { sandbox, ...rest } = await suggested(name);
    expect(sandbox).toEqual(wanted[name]);
    expect(rest.toml).toContain("\nmax_files = 512");
    expect(rest).toMatchObject({ source: "audit", unused: [], left_out: [], unseen: 0 });
  }
  expect(await suggested("app")).toMatchObject({ call: ["helper"], state: true });
  expect((await suggested("web")).call).toEqual([]);
});

test("with what was suggested they work, and nothing is refused; with a line less something is", async () => {
  const suggestions = { files: "", web: "", app: "" };
  for (const name of names) suggestions[name] = (await suggested(name)).toml;
  const plan = await env.run(["deploy", "--file", "solo.toml", "--plan"]);
  expect(plan.stdout).not.toContain("sandbox");
  await deploy(suggestions);
  const first = await traffic();
  expect(first).toMatchObject({
    work: { config: "a setting", redis: "+PONG", helped: "helped", hits: 2 },
    files: "200 a\nb",
  });
  expect(first.web).toEqual([1, 2, 3, 4].map((page) => `200 page ${page}`));
  for (const name of names) expect(await sandboxOf(name)).toMatchObject({ mode: "enforce", refused: [] });

  const without = (name: Name, setting: string) =>
    suggestions[name]
      .split("\n")
      .filter((line) => !line.startsWith(`${setting} =`))
      .join("\n");
  const less = { files: without("files", "read"), web: suggestions.web, app: without("app", "connect") };
  env.write("solo.toml", project(less));
  const changes = (await env.run(["deploy", "--file", "solo.toml", "--plan"])).stdout;
  expect(changes).toContain(`- sandbox.read ${env.root}/data-of-files`);
  expect(changes).toContain(`- sandbox.connect ${redis.port}`);
  await deploy(less);
  const second = await traffic();
  expect(second.work).toMatchObject({ redis: "EACCES" });
  expect(second.files).toMatch(/^500 .*Permission denied/);
}, 120_000);

test("a service whose recorder dies is started again, one whose kernel dies goes on, and the record holds all of it", async () => {
  env.write("settings/later.conf", "later\n");
  env.write("out/more/a.txt", "more\n");
  const script = `cat ${env.root}/settings/app.conf; trap 'cat ${env.root}/settings/later.conf' HUP; while :; do sleep 0.05; done`;
  (await env.run(["deploy", "/bin/sh", "shell", "--sandbox-audit", "--", "-c", script])).expect();
  const pidOf = async () => {
    const status = z.object({ instances: z.array(z.object({ pid: z.int().nullable() })), ready: z.int() });
    const { instances, ready } = (await env.run(["status", "shell", "--json"])).expect().json(status);
    return ready === 1 ? instances[0]?.pid : null;
  };
  const former = (await pidOf()) ?? 0;
  const recorder = recorderOf("shell");
  const kernel = (await env.run(["health", "--json"])).expect().json(z.object({ pid: z.int() })).pid;
  process.kill(kernel, "SIGKILL");
  await waitFor(async () => (await env.run(["health"])).code === 0, { what: "the next kernel" });
  expect(await pidOf()).toBe(former);
  expect(recorderOf("shell")).toBe(recorder);

  // It ends with what it looks at, and not before because somebody asks for it.
  process.kill(recorder, "SIGTERM");
  expect(await pidOf()).toBe(former);
  process.kill(recorder, "SIGKILL");
  const next = await waitFor(
    async () => {
      const pid = await pidOf();
      return pid === former ? undefined : pid;
    },
    { what: "another process of it" },
  );
  const events = (await env.run(["events", "shell"])).stdout;
  expect(events).toContain("recorder_lost");
  expect((await env.run(["why", "shell"])).stdout).toContain("what recorded its uses had ended");
  process.kill(next, "SIGHUP");
  const wanted = ["app.conf", "later.conf"].map((file) => join(env.root, "settings", file));
  await waitFor(async () => Bun.deepEquals(await suggestedFor("shell"), wanted), { what: `reads of ${wanted}` });
  const second = recorderOf("shell");
  (await env.run(["kill", "shell"])).expect();
  await waitFor(() => !processes().includes(second), { what: "the end of its recorder" });
  (await env.run(["remove", "shell", "--yes"])).expect();
  expect(readdirSync(join(env.dataDir, "uses/default"))).not.toContain("shell");
}, 60_000);

test("solo run tells at its end what the program used, and ends with its code", async () => {
  const script = `cat ${env.root}/settings/app.conf; exit 3`;
  const text = await env.run(["run", "/bin/sh", "--sandbox-audit", "--", "-c", script]);
  expect(text).toMatchObject({ code: 3, stdout: "a setting\n" });
  expect(text.stderr).toContain(`mode = "enforce"\nread = ["${env.root}/settings/app.conf"]\n`);
  const json = await env.run(["run", "/bin/sh", "--sandbox-audit", "--json", "--", "-c", script]);
  const lines = json.stdout.trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).type)).toEqual(["log", "suggestion", "exit"]);
  expect(lines[1]).toContain(`"read":["${env.root}/settings/app.conf"]`);
});

async function suggestedFor(name: string): Promise<string[]> {
  return (await env.run(["capability", "suggest", name, "--json"])).expect().json(suggestionSchema).sandbox.read;
}

function recorderOf(name: string): number {
  const isIts = (pid: number) => commandOf(pid).includes(`__recorder\0${env.dataDir}/uses/default/${name}/`);
  return processes().find(isIts) ?? 0;
}

function processes(): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
