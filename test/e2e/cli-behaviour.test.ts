import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { z } from "zod";
import { soloBinary, soloEnv, Terminal, waitFor } from "../support/index.ts";

/** What the binary does as a process: streams, signals, pipes, exit codes. */

const hello = `export default { fetch: () => new Response("hello") };`;
const chatty = `let n = 0;
setInterval(() => console.log("line", n++), 20);
export default { fetch: () => new Response("chatty") };`;

test("standard input is no command line: a name that is missing is not taken from it", async () => {
  await using env = soloEnv();
  const input = "web\n";
  expect((await env.run(["status", "--json"], { input })).expect().json()).toMatchObject({ services: [] });
  expect((await env.run(["kill", "--json"], { input })).json()).toMatchObject({
    error: { code: "usage", message: "missing argument NAME" },
  });
  expect((await env.run(["run", "--json"], { input })).json()).toMatchObject({
    error: { code: "usage", message: "missing argument PATH" },
  });
});

describe("reading", () => {
  test("starts nothing", async () => {
    await using env = soloEnv();
    for (const args of [
      ["list"],
      ["status"],
      ["events"],
      ["paths"],
      ["config", "show"],
      ["completion", "words", "--", "logs", ""],
    ]) {
      (await env.run(args)).expect();
    }
    await waitFor(() => !Bun.file(join(env.dataDir, "solo.lock")).size, { what: "no kernel to have been started" });
    expect((await env.run(["health", "--json"])).code).toBe(7);
  });

  test("answers from the files after the daemon has stopped", async () => {
    await using env = soloEnv();
    const service = env.write("web.ts", `console.log("was here");\n${hello}`);
    (await env.run(["deploy", service])).expect();
    (await env.run(["stop"])).expect();
    expect((await env.run(["list", "--json"])).expect().json()).toMatchObject({
      services: [{ service: "web", state: "stopped", ready: 0 }],
    });
    expect((await env.run(["logs", "web"])).expect().stdout).toBe("was here\n");
    expect((await env.run(["status", "web", "--json"])).expect().json()).toMatchObject({ service: "web" });
  });

  test("survives a stale socket", async () => {
    await using env = soloEnv();
    (await env.run(["deploy", env.write("web.ts", hello)])).expect();
    const socket = join(env.dataDir, "solo.sock");
    (await env.run(["stop"])).expect();
    const script = `require("net").createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, "SIGKILL"))`;
    Bun.spawnSync([process.execPath, "-e", script]);
    expect((await env.run(["list", "--json"])).expect().json()).toMatchObject({ services: [{ service: "web" }] });
    expect((await env.run(["start"])).expect().stdout).toContain("started");
  });
});

describe("a stream", () => {
  test("goes on with new lines and ends with 130 on Ctrl-C", async () => {
    await using env = soloEnv();
    (await env.run(["deploy", env.write("chat.ts", chatty)])).expect();
    const logs = env.follow(["logs", "chat", "--follow", "--json"]);
    await logs.line(/"message":"line 5"/);
    expect(await logs.stop("SIGINT")).toBe(130);
    for (const line of logs.lines) expect(JSON.parse(line)).toMatchObject({ type: "log", service: "chat" });
  });

  test("of a status that is drawn ends with 130 on Ctrl-C as well, and with 0 on q", async () => {
    await using env = soloEnv();
    (await env.run(["deploy", env.write("web.ts", hello)])).expect();
    for (const [key, code] of [
      ["\x03", 130],
      ["q", 0],
    ] as const) {
      await using terminal = new Terminal([soloBinary(), "status", "--watch"], {
        cwd: env.root,
        env: { ...env.env, TERM: "xterm" },
      });
      await terminal.shows(/q to quit/);
      terminal.type(key);
      expect(await terminal.exited).toBe(code);
    }
  });

  test("ends with 143 on SIGTERM", async () => {
    await using env = soloEnv();
    (await env.run(["start"])).expect();
    const events = env.follow(["events", "--follow"]);
    await events.line(/kernel_started/);
    expect(await events.stop("SIGTERM")).toBe(143);
  });

  test("resumes after a cursor without losing or repeating a line", async () => {
    await using env = soloEnv();
    (await env.run(["deploy", env.write("chat.ts", chatty)])).expect();
    const first = env.follow(["logs", "chat", "--follow", "--json"]);
    await first.line(/"message":"line 3"/);
    await first.stop("SIGINT");
    const { cursor, message } = JSON.parse(first.lines.at(-1) ?? "");
    const rest = env.follow(["logs", "chat", "--json", "--follow", "--since-cursor", cursor]);
    await rest.line(/"type":"log"/);
    const next = JSON.parse(rest.lines[0] ?? "");
    expect(next).toMatchObject({ message: `line ${Number(message.split(" ")[1]) + 1}` });
  });

  test("ends quietly when its reader is gone", async () => {
    await using env = soloEnv();
    (await env.run(["deploy", env.write("chat.ts", chatty)])).expect();
    const shell = `"${soloBinary()}" logs chat --follow | head -n 2; echo "\${PIPESTATUS[0]}"`;
    const child = Bun.spawn(["bash", "-c", shell], { env: env.env, stdout: "pipe", stderr: "pipe" });
    const [stdout, stderr] = await Promise.all([
      Bun.readableStreamToText(child.stdout),
      Bun.readableStreamToText(child.stderr),
    ]);
    expect(stdout.split("\n")).toEqual(["line 0", "line 1", "0", ""]);
    expect(stderr).toBe("");
  });

  test("of a watched status has a line per change", async () => {
    await using env = soloEnv();
    (await env.run(["deploy", env.write("web.ts", hello)])).expect();
    const watch = env.follow(["status", "web", "--watch", "--interval", "50ms", "--json"]);
    await watch.line(/"replicas":1/);
    (await env.run(["scale", "web", "2"])).expect();
    await watch.line(/"ready":2/);
    await watch.stop("SIGINT");
    const lines = watch.lines.map((line) => JSON.parse(line));
    for (const line of lines)
      expect(line).toMatchObject({ type: "status", time: expect.any(String), cursor: expect.any(String) });
    expect(new Set(lines.map(({ cursor }) => cursor)).size).toBe(lines.length);
  });
});

describe("run", () => {
  test.each([
    ["a success", "console.log('fine');", 0],
    ["a failure", "process.exit(7);", 7],
    ["a crash", "throw new Error('no');", 70],
  ])("ends with the exit code of %s and leaves nothing", async (_, source, code) => {
    await using env = soloEnv();
    const result = await env.run(["run", env.write("job.ts", source)]);
    expect(result.code).toBe(code);
    expect(await Bun.file(join(env.dataDir, "kernel.db")).exists()).toBe(false);
  });

  test("tells the signal that ended a program as a shell does", async () => {
    await using env = soloEnv();
    expect((await env.run(["run", "/bin/sh", "--", "-c", "kill -9 $$"])).code).toBe(137);
  });

  test("keeps the service's stdout and stderr apart", async () => {
    await using env = soloEnv();
    const result = await env.run(["run", "/bin/sh", "--", "-c", "echo out; echo err >&2"]);
    expect([result.stdout, result.stderr]).toEqual(["out\n", "err\n"]);
  });

  test("stops the service in order on Ctrl-C", async () => {
    await using env = soloEnv();
    const service = env.write(
      "web.ts",
      `process.on("SIGTERM", () => { console.log("bye"); process.exit(0); });\nconsole.log("up");\nsetInterval(() => {}, 1000);`,
    );
    const run = env.follow(["run", service]);
    await run.line(/^up$/);
    expect(await run.stop("SIGINT")).toBe(130);
    expect(run.lines).toEqual(["up", "bye"]);
  });
});

describe("a kernel that was killed", () => {
  test("can be stopped with all its services by the next stop", async () => {
    await using env = soloEnv();
    (await env.run(["deploy", env.write("web.ts", hello)])).expect();
    (await env.run(["stop", "--keep-services"])).expect();
    expect((await env.run(["list", "--json"])).expect().json()).toMatchObject({
      services: [{ service: "web", state: "ready" }],
    });
    expect((await env.run(["kill", "web", "--json"])).expect().json()).toMatchObject({
      state: "stopped",
      instances: [{ signal: null }],
    });
  });
});

describe("a change that is not seen to its end", () => {
  const slow = `await new Promise((resolve) => setTimeout(resolve, 60_000)); ${hello}`;

  test("ends with 8 when it takes longer than --timeout, and goes on", async () => {
    await using env = soloEnv();
    const deploy = await env.run(["deploy", env.write("slow.ts", slow), "--timeout", "300ms", "--json"]);
    expect(deploy.expect(8).json()).toMatchObject({ error: { code: "timeout", applied: "yes" } });
    expect((await env.run(["status", "slow", "--json"])).expect().json()).toMatchObject({ state: "starting" });
    (await env.run(["kill", "slow", "--force"])).expect();
  });

  test("ends with 11 when its kernel dies meanwhile", async () => {
    await using env = soloEnv();
    const { pid } = (await env.run(["start", "--json"])).expect().json(z.object({ pid: z.int() }));
    const deploy = env.follow(["deploy", env.write("slow.ts", slow)]);
    await deploy.line(/slow: start/);
    process.kill(pid, "SIGKILL");
    expect(await deploy.exited).toBe(11);
    expect(deploy.stderr).toContain("whether the change was made is not known");
    await waitFor(async () => (await env.run(["health"])).code === 0, { what: "the next kernel" });
    (await env.run(["kill", "slow", "--force"])).expect();
  });
});

test("SOLO_OUTPUT=json stands for --json everywhere, failures included", async () => {
  await using env = soloEnv();
  const json = { env: { SOLO_OUTPUT: "json" } };
  expect((await env.run(["list"], json)).expect().json()).toEqual({ services: [] });
  expect((await env.run(["lisst"], json)).expect(2).json()).toMatchObject({ error: { code: "usage" } });
});

test("SOLO_OUTPUT takes no other value than text", async () => {
  await using env = soloEnv();
  const output = (value: string) => ({ env: { SOLO_OUTPUT: value } });
  expect((await env.run(["list"], output("text"))).expect().stdout).toBe((await env.run(["list"])).stdout);
  (await env.run(["list"], output(""))).expect();
  for (const args of [["list"], ["--help"], ["version", "--json"]]) {
    const { stdout, stderr } = (await env.run(args, output("yaml"))).expect(2);
    expect(stdout + stderr).toContain("json and text");
  }
});

test("doctor looks at everything once", async () => {
  await using env = soloEnv();
  (await env.run(["start"])).expect();
  const schema = z.object({ findings: z.array(z.object({ name: z.string() })) });
  const { findings } = (await env.run(["doctor", "--json"])).expect().json(schema);
  const names = findings.map(({ name }) => name);
  expect(names).toContain("disk");
  expect(names).toEqual([...new Set(names)]);
});

test("global flags may stand before the command", async () => {
  await using env = soloEnv();
  expect((await env.run(["--json", "--tenant", "acme", "list"])).expect().json()).toEqual({ services: [] });
});

test("aliases do what their command does", async () => {
  await using env = soloEnv();
  expect((await env.run(["ls", "--json"])).expect().json()).toEqual({ services: [] });
  expect((await env.run(["ps", "--json"])).expect().json()).toEqual({ services: [] });
});

test("colours appear only where they are wanted", async () => {
  await using env = soloEnv();
  const colour = "\u001b[";
  expect((await env.run(["doctor"])).stdout).not.toContain(colour);
  expect((await env.run(["doctor"], { env: { FORCE_COLOR: "1" } })).stdout).toContain(colour);
  expect((await env.run(["doctor"], { env: { FORCE_COLOR: "1", NO_COLOR: "1" } })).stdout).not.toContain(colour);
});

test("a context reaches a kernel through the real undici", async () => {
  await using env = soloEnv();
  (await env.run(["deploy", env.write("web.ts", hello)])).expect();
  const socket = join(env.dataDir, "solo.sock");
  (await env.run(["context", "add", "here", `unix://${socket}`])).expect();
  const elsewhere = { env: { SOLO_DATA_DIR: join(env.root, "other") } };
  const list = (await env.run(["list", "--context", "here", "--json"], elsewhere)).expect().json();
  expect(list).toMatchObject({ services: [{ service: "web" }] });
  const logs = await env.run(["logs", "web", "--context", "here"], elsewhere);
  expect(logs.expect().stderr).toBe("");
  (await env.run(["context", "add", "gone", "https://127.0.0.1:1"])).expect();
  expect((await env.run(["list", "--context", "gone", "--json"])).code).toBe(7);
});
