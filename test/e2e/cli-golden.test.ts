import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type SoloEnv, soloEnv } from "../support/index.ts";
import { expectGolden, normalizedJson } from "./golden-file.ts";

/** The help and the JSON of every command, as people and scripts rely on them. */

const commands = [
  ...new Set(readdirSync(join(import.meta.dir, "../../commands"), { recursive: true, encoding: "utf8" })),
]
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -".ts".length).split("/"))
  .sort();

let env: SoloEnv;
beforeAll(() => {
  env = soloEnv();
});
afterAll(() => env[Symbol.asyncDispose]());

describe("help", () => {
  test.each(commands.map((words) => [words.join(" "), words] as const))("of %s", async (_, words) => {
    const { stdout, stderr } = (await env.run([...words, "--help"])).expect();
    expect(stderr).toBe("");
    expectGolden(`help/${words.join("-")}.txt`, stdout);
  });

  test.each([
    ["audit"],
    ["checkpoint"],
    ["config"],
    ["context"],
    ["completion"],
    ["effects"],
    ["log"],
    ["secrets"],
    ["state"],
    ["store"],
  ])("of the topic %s", async (topic) => {
    expectGolden(`help/topic-${topic}.txt`, (await env.run([topic])).expect().stdout);
  });

  test("of everything", async () => {
    const { stdout } = (await env.run(["--help"])).expect();
    expectGolden("help/all.txt", stdout.replace(/^ {2}solo \d.* Bun \d.*$/m, "  <version>"));
    expect((await env.run([])).expect().stdout).toBe(stdout);
    expect((await env.run(["help"])).expect().stdout).toBe(stdout);
  });
});

/** Runs in the listed order on one machine: what a command answers follows from those before it. */
const steps: [name: string, args: string[], code: number][] = [
  // Nothing is there yet, and nothing may be started by looking.
  ["list-empty", ["list"], 0],
  ["status-overview-no-kernel", ["status"], 0],
  ["status-not-found", ["status", "web"], 5],
  ["logs-not-found", ["logs", "web"], 5],
  ["events-empty", ["events"], 0],
  ["health-unreachable", ["health"], 7],
  ["kill-not-found", ["kill", "web"], 5],
  ["stop-not-running", ["stop"], 0],
  ["deploy-file-not-found", ["deploy", "missing.ts"], 2],
  ["deploy-usage", ["deploy"], 2],
  ["deploy-invalid-name", ["deploy", "web.ts", "no name"], 2],
  ["deploy-unknown-flag", ["deploy", "web.ts", "--replica", "2"], 2],
  ["unknown-command", ["lisst"], 2],
  ["unknown-context", ["list", "--context", "nowhere"], 5],
  // One service of each outcome.
  ["start", ["start"], 0],
  ["start-again", ["start"], 0],
  ["deploy-dry-run", ["deploy", "web.ts", "--dry-run"], 10],
  ["deploy", ["deploy", "web.ts"], 0],
  ["deploy-unchanged", ["deploy", "web.ts"], 0],
  ["deploy-invalid-source", ["deploy", "broken.ts"], 2],
  ["deploy-start-failed", ["deploy", "crash.ts"], 1],
  ["deploy-project", ["deploy", "--file", "project/solo.toml"], 0],
  ["deploy-project-invalid", ["deploy", "--file", "project/wrong.toml"], 2],
  ["list", ["list"], 0],
  ["status", ["status", "web"], 0],
  ["status-overview", ["status"], 0],
  ["health", ["health"], 0],
  ["health-service", ["health", "web"], 0],
  ["health-service-failed", ["health", "crash"], 3],
  ["logs", ["logs", "--service-id", "talk"], 0],
  ["logs-bad-pattern", ["logs", "talk", "--grep", "("], 2],
  ["events", ["events", "talk", "--tail", "3"], 0],
  ["scale", ["scale", "talk", "2"], 0],
  ["scale-usage", ["scale", "web", "many"], 2],
  ["scale-not-found", ["scale", "nobody", "1"], 5],
  ["restart", ["restart", "web"], 0],
  ["restart-not-found", ["restart", "nobody"], 5],
  ["deploy-methods", ["deploy", "sums.ts"], 0],
  ["call", ["call", "sums", "add", '{"a": 1, "b": 2}'], 0],
  ["call-failed", ["call", "sums", "fail"], 1],
  ["call-unknown-method", ["call", "sums", "subtract"], 5],
  ["call-not-found", ["call", "nobody", "add"], 5],
  ["call-usage", ["call", "sums"], 2],
  ["call-no-json", ["call", "sums", "add", "{a"], 2],
  ["call-outcome-unknown", ["call", "sums", "pay"], 11],
  ["effects-list", ["effects", "list", "sums"], 0],
  ["effects-list-not-found", ["effects", "list", "nobody"], 5],
  ["effects-resolve-usage", ["effects", "resolve", "sums", "pay"], 2],
  ["effects-resolve", ["effects", "resolve", "sums", "pay", "--done", "--result", "12"], 0],
  ["effects-resolve-conflict", ["effects", "resolve", "sums", "pay", "--failed"], 6],
  ["effects-resolve-not-found", ["effects", "resolve", "sums", "play", "--failed"], 5],
  ["call-resolved", ["call", "sums", "pay"], 0],
  ["budget", ["budget", "sums"], 0],
  ["signal", ["signal", "sums", "approved", '{"by": "ann"}', "--id", "one"], 0],
  ["signal-again", ["signal", "sums", "approved", '{"by": "ann"}', "--id", "one"], 0],
  ["signal-no-json", ["signal", "sums", "approved", "{by"], 2],
  ["why", ["why", "web"], 0],
  ["why-nothing", ["why", "sums"], 0],
  ["secrets-list-empty", ["secrets", "list"], 0],
  ["secrets-set", ["secrets", "set", "API_KEY", "--file", "value.txt"], 0],
  ["secrets-set-value-given", ["secrets", "set", "API_KEY", "visible"], 2],
  ["secrets-set-bad-name", ["secrets", "set", "1x", "--file", "value.txt"], 2],
  ["secrets-get", ["secrets", "get", "API_KEY"], 0],
  ["secrets-get-not-found", ["secrets", "get", "NOBODY"], 5],
  ["secrets-rotate", ["secrets", "rotate", "API_KEY", "--generate", "16"], 0],
  ["secrets-rotate-not-found", ["secrets", "rotate", "NOBODY", "--generate", "16"], 5],
  ["secrets-list", ["secrets", "list"], 0],
  ["secrets-rekey", ["secrets", "rekey"], 0],
  ["secrets-unlock", ["secrets", "unlock", "--passphrase-file", "value.txt"], 0],
  ["secrets-delete-unconfirmed", ["secrets", "delete", "API_KEY"], 2],
  ["secrets-delete-dry-run", ["secrets", "delete", "API_KEY", "--dry-run"], 10],
  ["secrets-delete", ["secrets", "delete", "API_KEY", "--yes"], 0],
  ["deploy-secret-missing", ["deploy", "sums.ts", "--secret", "API_KEY"], 5],
  ["kill-methods", ["kill", "sums"], 0],
  ["kill-dry-run", ["kill", "web", "--dry-run"], 10],
  ["kill", ["kill", "web"], 0],
  ["kill-again", ["kill", "web"], 0],
  ["status-stopped", ["status", "web"], 0],
  ["stop", ["stop"], 0],
  // What needs no kernel.
  ["run", ["run", "job.ts"], 3],
  ["run-file-not-found", ["run", "missing.ts"], 2],
  ["version", ["version"], 0],
  ["paths", ["paths"], 0],
  ["help-exit-codes", ["help", "exit-codes"], 0],
  ["config-show", ["config", "show"], 0],
  ["config-explain", ["config", "explain", "defaults.tenant"], 0],
  ["config-explain-unknown", ["config", "explain", "defaults.tenent"], 5],
  ["config-validate", ["config", "validate", "project/solo.toml"], 0],
  ["config-validate-wrong", ["config", "validate", "project/wrong.toml"], 2],
  ["config-validate-none", ["config", "validate"], 0],
  ["context-list-empty", ["context", "list"], 0],
  ["context-add", ["context", "add", "far", "https://far.example:8443"], 0],
  ["context-add-conflict", ["context", "add", "far", "https://far.example:8443"], 6],
  ["context-add-invalid", ["context", "add", "near", "ftp://near.example"], 2],
  ["context-use", ["context", "use", "far"], 0],
  ["context-list", ["context", "list"], 0],
  ["context-use-not-found", ["context", "use", "nowhere"], 5],
  ["context-use-local", ["context", "use", "local"], 0],
  ["context-remove", ["context", "remove", "far"], 0],
  ["context-remove-not-found", ["context", "remove", "far"], 5],
  ["completion-words", ["completion", "words", "--json", "--", "conf"], 0],
];

describe("JSON", () => {
  beforeAll(() => {
    env.write("web.ts", `export default { fetch: () => new Response("web") };`);
    env.write(
      "sums.ts",
      `import { defineService } from "solo";
      export default defineService({
        methods: {
          add: ({ a, b }) => ({ sum: a + b }),
          fail() { throw new RangeError("too much"); },
          pay: (_, ctx) => ctx.effect("pay", () => { throw new Error("no answer"); }, { cost: { tokens: 5 } }),
        },
      });`,
    );
    env.write("broken.ts", "export default {");
    env.write("value.txt", "a secret value");
    env.write("crash.ts", `console.log("about to fail");\nthrow new Error("out of luck");`);
    env.write("job.ts", `console.log("working");\nprocess.exit(3);`);
    env.write(
      "project/talk.ts",
      `console.log("one");\nconsole.log("two");\nexport default { fetch: () => new Response() };`,
    );
    env.write("project/solo.toml", `[service.talk]\nsource = "talk.ts"\n`);
    env.write("project/wrong.toml", `[service.talk]\nsource = "talk.ts"\nreplica = 2\n`);
  });

  test.each(steps)("of %s", async (name, args, code) => {
    const full = args.includes("--json") ? args : [...args, "--json"];
    const { stdout, code: actual } = await env.run(full);
    expectGolden(`json/${name}.json`, normalizedJson(stdout, env.root));
    expect(actual).toBe(code);
  });
});
