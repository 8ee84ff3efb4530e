import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { exitCodes } from "../../src/api/index.ts";
import { type RunResult, type SoloEnv, soloEnv } from "../support/index.ts";

/**
 * Whatever the command line, the configuration and the environment: with --json stdout holds exactly one JSON document (a
 * stream: one per line), the exit code is one of the table, and nothing that goes wrong counts as a bug of Solo.
 * `SOLO_SEED` repeats a run.
 */

const commands = [
  ["deploy"],
  ["list"],
  ["status"],
  ["logs"],
  ["kill"],
  ["restart"],
  ["scale"],
  ["stop"],
  ["run"],
  ["health"],
  ["events"],
  ["config", "show"],
  ["config", "validate"],
  ["config", "explain"],
  ["config"],
  ["context", "list"],
  ["context", "use"],
  ["context", "add"],
  ["context", "remove"],
  ["completion", "bash"],
  ["completion", "words"],
  ["doctor"],
  ["paths"],
  ["version"],
  ["help"],
  ["lisst"],
  [""],
  [],
];

const flags = [
  "--tenant",
  "--context",
  "--config",
  "--data-dir",
  "--quiet",
  "--yes",
  "--help",
  "-h",
  "--version",
  "--timeout",
  "--replicas",
  "--tail",
  "--since",
  "--since-cursor",
  "--grep",
  "--instance",
  "--interval",
  "--service-id",
  "--env",
  "--health-tcp",
  "--port",
  "--grace",
  "--file",
  "--dry-run",
  "--force",
  "--no-wait",
  "--json=true",
  "--nonsense",
  "-z",
  "--",
  "-",
];

const words = fc.oneof(
  fc.constantFrom(
    "web",
    "nobody",
    "default",
    "30s",
    "0",
    "-1",
    "1e9",
    "missing.ts",
    "/dev/null",
    "wrong.toml",
    "(",
    "",
    " ",
  ),
  fc.constantFrom(
    "a\nb",
    "é/ü",
    "日本",
    "\u202e",
    "\u0007\u001b[31m",
    "%00%ff",
    "{}",
    "[1",
    "'\"`$HOME",
    "x".repeat(5_000),
  ),
  fc.string({ unit: "binary", maxLength: 20 }).map((text) => text.replaceAll("\0", "").replaceAll("..", "")),
);

const environments = fc.constantFrom<Record<string, string | undefined>>(
  {},
  { HOME: undefined },
  { HOME: "/dev/null/home", XDG_RUNTIME_DIR: undefined },
  { SOLO_CONFIG: "wrong.toml" },
  { SOLO_CONFIG: "/nonexistent/solo.toml" },
  { SOLO_TENANT: "no name" },
  { SOLO_TIMEOUT: "soon" },
  { SOLO_CONTEXT: "nowhere" },
  { SOLO_DATA_DIR: "/dev/null/solo" },
  { SOLO_DATA_DIR: "/proc/solo" },
  { SOLO_INGRESS_PORT: "port" },
  { LANG: undefined, TERM: undefined, PATH: "/nonexistent" },
  { FORCE_COLOR: "1", CI: "1" },
);

interface Line {
  readonly command: readonly string[];
  readonly rest: readonly string[];
  readonly jsonFirst: boolean;
  readonly env: Record<string, string | undefined>;
  readonly live: boolean;
  readonly folder: string;
}

const lines: fc.Arbitrary<Line> = fc.record({
  command: fc.constantFrom(...commands),
  rest: fc.array(fc.oneof(words, fc.constantFrom(...flags)), { maxLength: 4 }),
  jsonFirst: fc.boolean(),
  env: environments,
  live: fc.boolean(),
  folder: fc.constantFrom(".", ".", "broken"),
});

const seed = Number(process.env.SOLO_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** Some 20 ms each. */
const runs = Number(process.env.SOLO_RUNS ?? 400);
const known = new Set(exitCodes.map(({ code }) => code));

let idle: SoloEnv;
let live: SoloEnv;
beforeAll(async () => {
  idle = soloEnv();
  live = soloEnv();
  for (const env of [idle, live]) {
    env.write("wrong.toml", "[solo]\nno_such_key = 1\n");
    mkdirSync(join(env.root, "broken"));
    env.write("broken/solo.toml", "[service.web\n");
  }
  const service = live.write("web.ts", `console.log("hello"); export default { fetch: () => new Response("web") };`);
  (await live.run(["deploy", service])).expect();
});
afterAll(async () => {
  await idle[Symbol.asyncDispose]();
  await live[Symbol.asyncDispose]();
});

test(`one JSON document and an exit code of the table, whatever is asked (SOLO_SEED=${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(lines, async ({ command, rest, jsonFirst, env, live: isLive, folder }) => {
      const args = jsonFirst ? ["--json", ...command, ...rest] : [...command, "--json", ...rest];
      const machine = isLive ? live : idle;
      const result = await machine.run(args, { env, cwd: join(machine.root, folder), timeoutMs: 20_000 });
      check(result, command);
    }),
    { seed, numRuns: runs, endOnFailure: true },
  );
}, 60_000);

function check(result: RunResult, [command = ""]: readonly string[]): void {
  expect(known).toContain(result.code);
  const documents = result.lines();
  const isStream = command === "logs" || command === "events";
  if (!isStream || result.code !== 0) expect(documents).toHaveLength(1);
  expect(result.stdout === "" || result.stdout.endsWith("\n")).toBe(true);
  const [document] = documents;
  expect(document === undefined || (typeof document === "object" && document !== null)).toBe(true);
  const failure = document !== null && typeof document === "object" && "error" in document ? document.error : undefined;
  if (failure === undefined) return;
  expect(failure).toMatchObject({
    code: expect.not.stringMatching(/^internal$/),
    message: expect.any(String),
    retryable: expect.any(Boolean),
    applied: expect.stringMatching(/^(no|yes|unknown)$/),
    exit: result.code,
  });
  expect(result.stderr).not.toMatch(/^\s+at .*\$bunfs/m);
}
