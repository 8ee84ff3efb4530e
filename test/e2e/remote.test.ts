import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { freePort, type RunResult, type SoloEnv, soloEnv } from "../support/index.ts";
import { normalized } from "./conformance/place.ts";

/** A kernel behind mutual TLS, and a client that has three files and its address, as on another machine. */

let kernel: SoloEnv;
let far: SoloEnv;
const port = freePort();

beforeAll(async () => {
  kernel = soloEnv();
  far = soloEnv();
  const env = { SOLO_HTTP_PORT: String(port), SOLO_SECURITY_REQUIRE_MTLS: "true" };
  (await kernel.run(["tls", "init"])).expect();
  (await kernel.run(["tls", "client", "other", "--tenant", "other"])).expect();
  (await kernel.run(["start"], { env })).expect();
  const pem = (name: string) => join(kernel.dataDir, "tls", name);
  (await kernel.run(["tls", "client", "ops", "--all-tenants", "--role", "admin"])).expect();
  (await kernel.run(["tls", "client", "boss", "--role", "admin"])).expect();
  for (const [context, name] of [
    ["prod", "admin"],
    ["others", "other"],
    ["ops", "ops"],
    ["boss", "boss"],
  ]) {
    const pair = ["--cert", pem(`clients/${name}.pem`), "--key", pem(`clients/${name}.key`)];
    const url = `https://localhost:${port}`;
    (await far.run(["context", "add", context ?? "", url, "--ca", pem("ca.pem"), ...pair])).expect();
  }
});
afterAll(async () => {
  await far[Symbol.asyncDispose]();
  await kernel[Symbol.asyncDispose]();
});

const remotely = (args: readonly string[], options: Parameters<SoloEnv["run"]>[1] = {}): Promise<RunResult> =>
  far.run(["--context", "prod", ...args], options);

describe("what is deployed to a kernel elsewhere is brought there", () => {
  test("a program of several files, as one module", async () => {
    far.write("api/word.ts", `export const word: string = "from afar";`);
    const source = far.write(
      "api/index.ts",
      `import { word } from "./word.ts"; export default { fetch: () => new Response(word) };`,
    );
    const deployed = (await remotely(["deploy", source, "--json"])).expect();
    expect(deployed.json()).toMatchObject({ service: "api", state: "ready", changed: true });
    const { revision } = deployed.json(z.object({ revision: z.string() }));
    expect(await (await kernel.fetch("api")).text()).toBe("from afar");
    const again = (await remotely(["deploy", source, "--json"])).expect().json();
    expect(again).toMatchObject({ revision, changed: false });
    far.write("api/word.ts", `export const word = "changed";`);
    const plan = await remotely(["deploy", source, "--plan", "--json"]);
    expect([plan.code, plan.json()]).toMatchObject([10, { changed: true }]);
  });

  test("an executable of this machine; one without a path is the kernel's own", async () => {
    far.write("project/job.sh", "#!/bin/sh\necho brought\nexec sleep 1000\n", 0o755);
    const file = far.write(
      "project/solo.toml",
      `[service.job]\ncommand = ["./job.sh"]\n[service.sleeper]\ncommand = ["sleep", "1000"]\n`,
    );
    (await remotely(["deploy", "--file", file])).expect();
    expect((await remotely(["logs", "job"])).expect().stdout).toContain("brought");
    expect((await remotely(["status", "sleeper", "--json"])).expect().json()).toMatchObject({ state: "ready" });
  });

  test("a mistake is told where it is written, and nothing is brought", async () => {
    const bad = await remotely(["deploy", far.write("bad.ts", "export default {"), "--json"]);
    expect([bad.code, bad.json()]).toMatchObject([
      2,
      { error: { message: expect.stringContaining(`${far.root}/bad.ts:1:16`) } },
    ]);
    const asset = far.write(
      "asset.ts",
      `import file from "./data.bin"; export default { fetch: () => new Response(file) };`,
    );
    far.write("data.bin", "data");
    const refused = await remotely(["deploy", asset, "--json"]);
    expect([refused.code, refused.json()]).toMatchObject([2, { error: { code: "invalid_source" } }]);
  });

  test("folders of this machine are refused with their place", async () => {
    const file = far.write("folders.toml", `[service.job]\ncommand = ["sleep", "9"]\ncwd = "./here"\n`);
    const refused = await remotely(["deploy", "--file", file, "--json"]);
    expect([refused.code, refused.json()]).toMatchObject([
      2,
      { error: { message: expect.stringContaining("folders.toml:3:") } },
    ]);
    expect((await remotely(["deploy", "sleep", "job2", "--cwd", "here", "--", "9"])).code).toBe(2);
  });
});

test("what is about this machine says so", async () => {
  for (const args of [["paths"], ["run", "x.ts"], ["tls", "show"], ["start", "--foreground"]]) {
    const refused = await remotely([...args, "--json"]);
    expect([args, refused.code, refused.json()]).toMatchObject([args, 2, { error: { code: "usage" } }]);
  }
});

test("a kernel elsewhere that runs is told of without a folder of this machine", async () => {
  const told = (await remotely(["start", "--json"])).expect().json();
  expect(told).toMatchObject({ state: "running", started: false, data_dir: null, socket: null });
});

test("a checkpoint is brought here and taken there, by who may read and write all of its state", async () => {
  const source = far.write(
    "counter.ts",
    `import { defineService } from "solo";
     export default defineService({ methods: { add: (_, ctx) => ctx.state.increment("n"), echo: (input) => input } });`,
  );
  (await remotely(["deploy", source])).expect();
  (await remotely(["call", "counter", "add"])).expect();
  const { id } = (await remotely(["checkpoint", "create", "counter", "--json"]))
    .expect()
    .json(z.object({ id: z.string() }));
  const refused = await remotely(["checkpoint", "export", "counter", id, "--json"]);
  expect([refused.code, refused.json()]).toMatchObject([4, { error: { code: "forbidden" } }]);
  const asBoss = (args: readonly string[]) => far.run(["--context", "boss", ...args, "--json"]);
  const file = join(far.root, `counter-${id}.checkpoint`);
  const here = (await asBoss(["checkpoint", "export", "counter", id])).expect().json(z.looseObject({}));
  expect(here).toMatchObject({ id, service: "counter", file });
  const again = await asBoss(["checkpoint", "export", "counter", id]);
  expect([again.code, again.json()]).toMatchObject([6, { error: { code: "conflict" } }]);
  const there = join(kernel.root, "there.checkpoint");
  const written = ["checkpoint", "export", "counter", id, "--output", there, "--json"];
  expect((await kernel.run(written)).expect().json()).toEqual({ ...here, file: there });
  expect(readFileSync(file).equals(readFileSync(there))).toBe(true);
  const taken = (await asBoss(["checkpoint", "import", "counter", file])).expect().json();
  expect(taken).toMatchObject({ service: "counter", reason: "import", parent: id });
  // What is on the kernel's machine only is for who may read all of that, and nobody else learns whether it is there.
  const elsewhere = join(kernel.root, "elsewhere.checkpoint");
  for (const name of [elsewhere, "/nowhere.checkpoint"]) {
    const { code, stdout } = await asBoss(["checkpoint", "import", "counter", name]);
    expect([code, JSON.parse(stdout)]).toMatchObject([4, { error: { code: "forbidden", details: { resource: "*" } } }]);
  }
});

test("a certificate is for its tenant, and for no more than its role", async () => {
  const others = (await far.run(["--context", "others", "list", "--tenant", "other", "--json"])).expect().json();
  expect(others).toEqual({ services: [] });
  const refused = await far.run(["--context", "others", "list", "--json"]);
  expect([refused.code, refused.json()]).toMatchObject([4, { error: { code: "forbidden" } }]);
  expect((await remotely(["stop", "--json"])).code).toBe(4);
});

describe("a command prints the same document and ends with the same code, whether its kernel is here or elsewhere", () => {
  const commands: readonly (readonly string[])[] = [
    ["list"],
    ["status", "counter"],
    ["status"],
    ["health"],
    ["health", "counter"],
    ["logs", "job"],
    ["events", "counter", "--tail", "2"],
    ["why", "counter"],
    ["budget", "counter"],
    ["sandbox", "show", "counter"],
    ["effects", "list", "counter"],
    ["crashes", "counter"],
    ["call", "counter", "echo", '{"a":[1,"ü"]}'],
    ["state", "get", "counter", "n"],
    ["state", "delete", "counter", "nothing"],
    ["signal", "nobody", "go"],
    ["state", "scan", "counter"],
    ["checkpoint", "list", "counter"],
    ["checkpoint", "verify", "counter", "latest"],
    ["secrets", "list"],
    ["capability", "list"],
    ["scale", "counter", "1"],
    ["restart", "counter"],
    ["kill", "counter", "--dry-run"],
    ["audit", "verify"],
    ["deploy", "sleep", "sleeper", "--cwd", "/", "--plan", "--", "1000"],
    ["status", "nobody"],
    ["logs", "nobody"],
    ["call", "counter", "subtract"],
    ["state", "get", "counter", "nothing"],
    ["checkpoint", "show", "counter", "20200101-000000-abcdef"],
    ["scale", "counter", "many"],
    ["kill", "no name"],
    ["secrets", "get", "NONE"],
  ];
  test.each(commands.map((command) => [command.join(" "), command] as const))("%s", async (_, command) => {
    const here = await kernel.run(["--json", ...command]);
    const there = await far.run(["--json", "--context", "ops", ...command]);
    expect(documentsOf(there)).toEqual(documentsOf(here));
    expect(there.code).toBe(here.code);
  });

  function documentsOf({ stdout }: RunResult): unknown {
    const lines = stdout.split("\n").filter((line) => line !== "");
    return lines.map((line) => normalized(JSON.parse(line), "no tenant"));
  }
});

test("a followed stream goes on behind its last line after the kernel was replaced", async () => {
  const service = far.write("ticker.ts", `let n = 0; setInterval(() => console.log("tick " + n++), 20);`);
  (await remotely(["deploy", service])).expect();
  const following = far.follow(["--context", "prod", "logs", "ticker", "--follow", "--json"]);
  await following.line(/tick 5"/);
  (await kernel.run(["stop", "--keep-services", "--yes"])).expect();
  const env = { SOLO_HTTP_PORT: String(port), SOLO_SECURITY_REQUIRE_MTLS: "true" };
  (await kernel.run(["start"], { env })).expect();
  await following.line(/tick 60"/);
  const ticks = [...following.stdout.matchAll(/"tick (\d+)"/g)].map(([, number]) => Number(number));
  expect(ticks).toEqual(ticks.map((_, index) => index));
});
