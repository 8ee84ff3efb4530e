import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sandboxSchema } from "../../../src/api/index.ts";
import { formatProblem, projectServices, validate } from "../../../src/config/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const defaults = { stop_grace_ms: 20_000, log_bytes: 5_000_000 };

function project(text: string, file = "solo.toml") {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, file), text);
  const source = { file, cwd, env: { HOME: "/home/ada" } };
  return {
    cwd,
    read: () => projectServices({ ...source, defaults }),
    problems: async () => (await validate(source)).map(formatProblem),
  };
}

describe("a project file becomes specifications", () => {
  test("with every key", async () => {
    const { cwd, read } = project(`
[service.api]
source = "src/api.ts"
args = ["-v"]
env = { LANG = "C.UTF-8" }
cwd = "work"
replicas = 3
restart = { policy = "transient", max = 2, within = "1m", backoff = "50ms..2s" }
depends_on = { db = "healthy" }
stop_grace = "5s"
route = { host = "API.example.localhost" }
logs = { bytes = "10MB" }
state = { durability = "async", flush = "1s", watch = ["cache:*"], max_bytes = "1MB", max_keys = 10, version = 3, wait = "5s", checkpoint = "1m", keep = "2h" }

[service.db]
command = ["./bin/db", "--port", "$PORT"]

[service.job]
state = { mode = "external", folders = ["data"] }
wasm = "~/job.wasm"
preopens = { "/data" = "data" }

[group.all]
strategy = "rest_for_one"
services = ["db", "api"]
`);
    const { services, groups } = await read();
    const [api, db, job] = services.map(({ spec }) => spec);
    expect(services.map(({ name }) => name)).toEqual(["api", "db", "job"]);
    expect(api).toEqual({
      kind: "source",
      path: join(cwd, "src/api.ts"),
      args: ["-v"],
      env: { LANG: "C.UTF-8" },
      cwd: join(cwd, "work"),
      preopens: {},
      replicas: 3,
      restart: { policy: "transient", max: 2, within_ms: 60_000, backoff_min_ms: 50, backoff_max_ms: 2_000 },
      health: { grace_ms: 30_000 },
      depends_on: { db: "healthy" },
      stop_grace_ms: 5_000,
      hosts: ["api.example.localhost"],
      log_bytes: 10_000_000,
      state: {
        mode: "hybrid",
        durability: "async",
        flush_ms: 1_000,
        watch: ["cache:*"],
        max_bytes: 1_000_000,
        max_keys: 10,
        version: 3,
        wait_ms: 5_000,
        folders: [],
        checkpoint_ms: 60_000,
        keep_ms: 7_200_000,
      },
      sandbox: sandboxSchema.parse({}),
    });
    expect(db).toMatchObject({
      kind: "command",
      command: [join(cwd, "bin/db"), "--port", "$PORT"],
      cwd,
      stop_grace_ms: 20_000,
      log_bytes: 5_000_000,
    });
    expect(job).toMatchObject({ kind: "wasm", path: "/home/ada/job.wasm", preopens: { "/data": join(cwd, "data") } });
    expect(job?.state).toMatchObject({ mode: "external", folders: [join(cwd, "data")] });
    expect(groups).toEqual([{ name: "all", strategy: "rest_for_one", services: ["db", "api"] }]);
  });

  test("a program without a slash is left to PATH, in the file's folder", async () => {
    const { cwd, read } = project('[service.a]\ncommand = ["redis-server"]\nfixed_port = 6379\n');
    expect((await read()).services[0]?.spec).toMatchObject({ command: ["redis-server"], cwd, fixed_port: 6379 });
  });

  test("state that contradicts its mode is refused", async () => {
    const refused = async (state: string) => {
      const problems = await project(`[service.a]\nsource = "a.ts"\nstate = ${state}\n`).problems();
      return problems.join("\n");
    };
    expect(await refused('{ mode = "external" }')).toContain("has no folders");
    expect(await refused('{ folders = ["data"] }')).toContain("hybrid state has no folders");
    expect(await refused('{ mode = "stateless", flush = "1s" }')).toContain("stateless state has no flush");
    expect(await refused('{ mode = "memory" }')).toContain("stateless, hybrid, external");
  });

  test("JSON says the same as TOML", async () => {
    const { read } = project('{"service": {"a": {"command": ["x"], "stop_grace": "1s"}}}', "solo.json");
    expect((await read()).services[0]?.spec.stop_grace_ms).toBe(1_000);
  });
});

describe("health", () => {
  const healthOf = async (lines: string) =>
    (await project(`[service.a]\nsource = "a.ts"\n${lines}\n`).read()).services[0]?.spec.health;
  const timing = { interval_ms: 1_000, timeout_ms: 5_000, success_threshold: 1, failure_threshold: 3 };

  test("one probe at the top is all three, with its timing", async () => {
    const probe = { type: "http" as const, target: "/health", ...timing, interval_ms: 5_000, timeout_ms: 1_000 };
    expect(await healthOf('health = { http = "/health", interval = "5s", timeout = "1s", grace = "10s" }')).toEqual({
      startup: probe,
      readiness: probe,
      liveness: probe,
      grace_ms: 10_000,
    });
  });

  test("a table of its own changes one probe, and false leaves one out", async () => {
    const health = await healthOf(
      'health = { tcp = true, failure = 5, startup = false, liveness = { exec = ["true"], interval = "9s" } }',
    );
    const tcp = { type: "tcp" as const, host: "127.0.0.1", port: 0, ...timing, failure_threshold: 5 };
    expect(health).toEqual({
      readiness: tcp,
      liveness: { type: "exec", command: ["true"], ...timing, failure_threshold: 5, interval_ms: 9_000 },
      grace_ms: 30_000,
    });
  });

  test.each([
    ["tcp = true", { host: "127.0.0.1", port: 0 }],
    ["tcp = 6379", { host: "127.0.0.1", port: 6379 }],
    ['tcp = "db.local:1"', { host: "db.local", port: 1 }],
    ['tcp = "[::1]:65535"', { host: "::1", port: 65_535 }],
  ])("%s", async (line, target) => {
    expect(await healthOf(`health = { ${line} }`)).toMatchObject({ readiness: { type: "tcp", ...target } });
  });

  test("heartbeat", async () => {
    expect(await healthOf("health = { liveness = { heartbeat = true } }")).toEqual({
      liveness: { type: "heartbeat", ...timing },
      grace_ms: 30_000,
    });
  });
});

describe("mistakes are told with their place", () => {
  const service = '[service.a]\nsource = "a.ts"\n';
  const command = '[service.b]\ncommand = ["b"]\n';

  test.each<[string, string[]]>([
    ["[service.a]\n", ["solo.toml:1:10: service.a: nothing to run (give exactly one of source, wasm, command, port)"]],
    [
      `${service}wasm = "a.wasm"\n`,
      [
        "solo.toml:1:10: service.a: more than one thing to run: source, wasm (give exactly one of source, wasm, command, port)",
      ],
    ],
    [
      `${service}provides = [{ name = "mail", version = "1 2" }]\n`,
      [
        'solo.toml:3:40: service.a.provides[0].version: expected a version of 1 to 64 letters, such as 1.2.0, got "1 2"',
      ],
    ],
    [
      `${service}provides = [{ name = "mail" }, { name = "mail" }]\n`,
      ["solo.toml:3:12: service.a.provides: expects each name once"],
    ],
    [
      `${service}provides = [{ name = "mail", metadat = {} }]\n`,
      ["solo.toml:3:30: service.a.provides[0].metadat: unknown key (did you mean metadata?)"],
    ],
    [`${service}replica = 2\n`, ["solo.toml:3:1: service.a.replica: unknown key (did you mean replicas?)"]],
    [
      `${service}replicas = "2"\n`,
      ['solo.toml:3:12: service.a.replicas: expected a number of instances from 0 to 1000, got "2"'],
    ],
    [
      `${service}stop_grace = 30\n`,
      [
        'solo.toml:3:14: service.a.stop_grace: expected a duration with its unit (ms, s, m, h or d), got 30 (write "30s")',
      ],
    ],
    [
      `${service}source2 = 1\nargs = "x"\n`,
      [
        "solo.toml:3:1: service.a.source2: unknown key (did you mean source?)",
        'solo.toml:4:8: service.a.args: expected an array, got "x"',
      ],
    ],
    [`${service}env = { A = 1 }\n`, ["solo.toml:3:13: service.a.env.A: expected a text, got 1"]],
    [
      `${service}health = { http = "/", intervall = "1s" }\n`,
      ["solo.toml:3:24: service.a.health.intervall: unknown key (did you mean interval?)"],
    ],
    [
      `${service}[service.a.health.liveness]\nhttp = "/"\ntimout = "1s"\n`,
      ["solo.toml:5:1: service.a.health.liveness.timout: unknown key (did you mean timeout?)"],
    ],
    [
      `${service}health = { liveness = { timeout = "1s", http = 5 } }\n`,
      [
        'solo.toml:3:48: service.a.health.liveness.http: expected a path such as "/health", or a whole http:// URL, got 5',
      ],
    ],
    [
      `${service}health = { liveness = true }\n`,
      ["solo.toml:3:23: service.a.health.liveness: expected false or a table, got true"],
    ],
    [
      `${service}health = { http = "/", tcp = true }\n`,
      [
        "solo.toml:3:1: service.a.health: more than one kind of probe: http, tcp (keep one, or give each its own startup, readiness or liveness table)",
      ],
    ],
    [
      `${service}health = { liveness = { timeout = "1s" } }\n`,
      ["solo.toml:3:12: service.a.health.liveness: no kind of probe (name one of http, tcp, exec, heartbeat)"],
    ],
    [
      `${service}restart = { policy = "always" }\n`,
      ['solo.toml:3:22: service.a.restart.policy: expected one of permanent, transient, temporary, got "always"'],
    ],
    [
      `${service}restart = { backoff = "30s..1s" }\n`,
      ['solo.toml:3:23: service.a.restart.backoff: expected a range that goes up, got "30s..1s" (write "1s..30s")'],
    ],
    [`${service}route = {}\n`, ["solo.toml:3:1: service.a.route: host is missing"]],
    [
      `${service}route = { host = "http://x" }\n`,
      [
        'solo.toml:3:11: service.a.route.host: invalid host "http://x" (write a host name such as "api.localhost", without scheme or port)',
      ],
    ],
    [
      `${service}preopens = { "/a" = "a" }\n`,
      ["solo.toml:3:1: service.a.preopens: only a wasm module has preopened folders"],
    ],
    [`${service}evolution = "allow"\n`, ["solo.toml:3:1: service.a.evolution: only an agent (port) changes itself"]],
    [
      `${service}fixed_port = 80\nreplicas = 2\n`,
      [
        "solo.toml:4:1: service.a.replicas: 2 instances can't listen on one port (remove fixed_port and let the program listen on $PORT)",
      ],
    ],
    [
      `${command}args = ["x"]\n`,
      ["solo.toml:3:1: service.b.args: a command has its arguments in itself (move them into command)"],
    ],
    [
      `${command}health = { heartbeat = true }\n`,
      ["solo.toml:3:12: service.b.health.heartbeat: a plain command has no heartbeat"],
    ],
    [
      '[service."a b"]\nsource = "a.ts"\n',
      ['solo.toml:1:10: service."a b": invalid name "a b" (use 1 to 64 of A-Z a-z 0-9 _ -)'],
    ],
    ["service = 5\n", ["solo.toml:1:1: service: expected tables such as [service.NAME]"]],
    [`${service}[group.g]\nservices = ["a"]\n`, ["solo.toml:3:8: group.g: strategy is missing"]],
    [
      `${service}[group.g]\nstrategy = "one_for_all"\nservices = ["a", "aa", "a"]\n`,
      [
        'solo.toml:5:18: group.g.services[1]: there is no service "aa" (did you mean a?)',
        "solo.toml:5:24: group.g.services[2]: a is named twice (remove one)",
      ],
    ],
    [
      `${service}env = { PORT = "80", LANG = "C", SOLO_KEY = "x" }\n`,
      [
        "solo.toml:3:9: service.a.env.PORT: Solo sets PORT itself (write fixed_port for a program that must have one port)",
        "solo.toml:3:34: service.a.env.SOLO_KEY: Solo sets SOLO_KEY itself (choose another name)",
      ],
    ],
    [
      `${service}fixed_port = 80\n${command}fixed_port = 80\n`,
      ["solo.toml:6:1: service.b.fixed_port: a listens on 80 already (give each its own)"],
    ],
    [
      `${service}${command}route = { host = "a.localhost" }\n`,
      ["solo.toml:5:11: service.b.route.host: a has the host a.localhost already (give each service its own)"],
    ],
    [
      `${service}[service.A]\nsource = "b.ts"\n`,
      [
        "solo.toml:3:10: service.A: a and A have one address, a.localhost (host names don't tell capitals apart; rename one)",
      ],
    ],
  ])("%j", async (text, expected) => {
    expect(await project(text).problems()).toEqual(expected);
  });

  test("dependencies: unknown, not healthy, never completed, and cycles", async () => {
    const { problems } = project(`
[service.a]
source = "a.ts"
depends_on = { b = "started", dd = "started" }
[service.b]
command = ["b"]
[service.b.depends_on]
c = "completed"
[service.c]
source = "c.ts"
depends_on = { a = "healthy", d = "healthy" }
[service.d]
command = ["d"]
`);
    expect(await problems()).toEqual([
      "solo.toml:4:16: service.a.depends_on.b: dependency cycle: a → b → c → a (remove one of these dependencies)",
      'solo.toml:4:31: service.a.depends_on.dd: there is no service "dd" (did you mean d?)',
      'solo.toml:8:1: service.b.depends_on.c: c never completes: its restart policy is permanent (make it "transient" or "temporary")',
      'solo.toml:11:31: service.c.depends_on.d: nothing tells when d is healthy: it has no startup or readiness probe and no $PORT (give d a health probe, or depend on "started")',
    ]);
  });

  test("a dependency on a service that is itself refused is no second mistake", async () => {
    const { problems } = project(`${service}depends_on = { b = "started" }\n[service.b]\n`);
    expect(await problems()).toEqual([
      "solo.toml:4:10: service.b: nothing to run (give exactly one of source, wasm, command, port)",
    ]);
  });

  test("secrets are named, or tables with a variable; each name and variable once", async () => {
    const { read } = project(`${service}secrets = ["KEY", { name = "TLS.key", env = "TLS" }]\n`);
    expect((await read()).services[0]?.spec.secrets).toEqual([{ name: "KEY" }, { name: "TLS.key", env: "TLS" }]);
    const wrong = `secrets = [
"A", "A",
"9x",
{ name = "B", env = "PORT" }, { name = "C", env = "X" }, { name = "D", env = "X" }, { name = "E", env = "a b" }]\n`;
    expect(await project(`${service}env = { Y = "1" }\n${wrong}`).problems()).toEqual([
      "solo.toml:5:6: service.a.secrets[1]: A is named twice (name each secret once)",
      'solo.toml:6:1: service.a.secrets[2]: "9x" is no secret\'s name (use 1 to 128 of A-Z a-z 0-9 _ . -, beginning with a letter or _)',
      "solo.toml:7:1: service.a.secrets[3]: Solo sets PORT itself (choose another name)",
      "solo.toml:7:58: service.a.secrets[5]: X is set twice (choose another name)",
      'solo.toml:7:85: service.a.secrets[6]: "a b" is no variable\'s name (choose another)',
    ]);
    expect(await project(`${service}secrets = [5]\n`).problems()).toHaveLength(1);
    expect((await project(`${service}secrets = [{ name = "A", en = "B" }]\n`).problems()).join()).toContain("env");
  });

  test("projectServices throws all of them as one error", async () => {
    const { read } = project("[service.a]\n[service.b]\n[solo]\nbnd = 1\n");
    expect(read()).rejects.toThrow(
      expect.objectContaining({ code: "invalid_config", details: { problems: expect.any(Array) } }),
    );
    expect(await project("[service.a]\n[solo]\nbnd = 1\n").problems()).toHaveLength(2);
  });

  test("a syntax error is the one problem", async () => {
    expect(await project("[service\n").problems()).toEqual([
      expect.stringMatching(/^solo\.toml:1:\d+: not valid TOML/),
    ]);
  });
});
