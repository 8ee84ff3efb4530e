import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { logLineSchema } from "../../src/api/index.ts";
import { processesOf, type SoloEnv, soloEnv, waitFor } from "../support/index.ts";
import { refused } from "./refused.ts";

/** `solo run` as CI uses it: one service, in the foreground, to its end. */

/** Temporary data directories of runs lie in the test's own folder, to be seen. */
function own(env: SoloEnv): { readonly env: Record<string, string>; readonly left: () => string[] } {
  return {
    env: { TMPDIR: env.root },
    left: () => readdirSync(env.root).filter((name) => name.startsWith("solo-run-")),
  };
}

describe("ends with the exit code of", () => {
  test.each([
    ["a source that ends well", "ends.ts", `console.log("done");`, 0],
    ["a source that exits", "exits.ts", `process.exit(7);`, 7],
    ["a program", "program", "#!/bin/sh\nexit 3\n", 3],
    ["a program that a signal ended", "killed", "#!/bin/sh\nkill -9 $$\n", 137],
  ])("%s, and leaves nothing", async (_, name, content, code) => {
    await using env = soloEnv();
    const { env: variables, left } = own(env);
    const path = env.write(name, content, 0o755);
    (await env.run(["run", path], { env: variables })).expect(code);
    expect(left()).toEqual([]);
    expect(existsSync(env.dataDir)).toBe(false);
    expect(processesOf(env.root)).toEqual([]);
  });
});

test("shows what the service prints, each stream where it belongs, to the last line", async () => {
  await using env = soloEnv();
  const source = `console.log("one"); console.error("a word of warning"); console.log("two");`;
  const { stdout, stderr } = (await env.run(["run", env.write("talks.ts", source)])).expect();
  expect(stdout).toBe("one\ntwo\n");
  expect(stderr).toContain("a word of warning\n");
  // More than can be shown while it runs.
  const many = (await env.run(["run", "sh", "--", "-c", "seq 1 200000; printf 'and half a line'"])).expect().stdout;
  expect(many).toBe(`${Array.from({ length: 200_000 }, (_, index) => `${index + 1}\n`).join("")}and half a line\n`);
});

test("tells lines and the end as JSON", async () => {
  await using env = soloEnv();
  const result = await env.run(["run", env.write("exits.ts", `console.log("one"); process.exit(4);`), "--json"]);
  const [first, ...rest] = result.expect(4).lines();
  expect(logLineSchema.parse(first)).toMatchObject({ message: "one", stream: "stdout" });
  expect(rest).toMatchObject([{ type: "exit", exit_code: 4, signal: null }]);
});

test("passes arguments and variables on, and takes no other environment", async () => {
  await using env = soloEnv();
  const source = `console.log(process.argv.slice(2).join(" "), process.env.GIVEN, process.env.SHELL_ONLY);`;
  const path = env.write("args.ts", source);
  const variables = { GIVEN: "given", SHELL_ONLY: "secret" };
  const result = await env.run(["run", path, "--env", "GIVEN", "--", "--one", "two"], { env: variables });
  expect(result.expect().stdout).toBe("--one two given undefined\n");
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s stops the service in order, with all it started", async (signal, code) => {
  await using env = soloEnv();
  const { env: variables, left } = own(env);
  const child = join(env.root, "child");
  const path = env.write(
    "tree.sh",
    `#!/bin/sh
trap 'echo stopping; exit 0' TERM INT
sleep 1000 & echo $! > ${child}
echo ready
while :; do wait; done
`,
    0o755,
  );
  const run = env.follow(["run", path], { env: variables });
  await run.line(/^ready$/);
  expect(await run.stop(signal)).toBe(code);
  expect(run.stdout).toContain("stopping\n");
  expect(processesOf(env.root)).toEqual([]);
  expect(left()).toEqual([]);
});

describe("kill -9 of a run stops its service in order, with all it started", () => {
  const tree = (env: SoloEnv) =>
    env.write(
      "tree.sh",
      `#!/bin/sh
trap 'echo stopped >${env.notes}/stopped; exit 0' TERM
setsid sleep 1000 &
echo ready
while :; do wait; done
`,
      0o755,
    );

  test("and removes its temporary folder", async () => {
    await using env = soloEnv();
    const { env: variables, left } = own(env);
    const run = env.follow(["run", tree(env), "--allow-write", env.notes], { env: variables });
    await run.line(/^ready$/);
    expect(await run.stop("SIGKILL")).toBe(137);
    await waitFor(() => processesOf(env.root).length === 0 && left().length === 0, { what: "nothing to be left" });
    expect(readFileSync(join(env.notes, "stopped"), "utf8")).toBe("stopped\n");
  });

  test("and keeps a folder that was named", async () => {
    await using env = soloEnv();
    const folder = join(env.root, "kept");
    const run = env.follow(["run", tree(env), "--data-dir", folder]);
    await run.line(/^ready$/);
    await run.stop("SIGKILL");
    await waitFor(() => processesOf(env.root).length === 0, { what: "no process to be left" });
    const status = (await env.run(["status", "tree", "--data-dir", folder, "--json"])).expect().json();
    expect(status).toMatchObject({ service: "tree", ready: 0, instances: [] });
  });
});

test("a service answers while it runs, beside the daemon's", async () => {
  await using env = soloEnv();
  const path = env.write(
    "web.ts",
    `const server = Bun.serve({ port: Number(process.env.PORT), hostname: "127.0.0.1", fetch: () => new Response("run") });
console.log("port " + server.port);`,
  );
  (await env.run(["deploy", path, "other"])).expect();
  const run = env.follow(["run", path]);
  const port = /port (\d+)/.exec(await run.line(/^port \d+$/))?.[1];
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("run");
  expect(
    (await env.run(["list", "--json"])).expect().json(z.object({ services: z.array(z.unknown()) })).services,
  ).toHaveLength(1);
  await run.stop("SIGINT");
  await waitFor(
    async () =>
      !(await fetch(`http://127.0.0.1:${port}/`).then(
        () => true,
        () => false,
      )),
    { what: "the end" },
  );
  expect((await env.fetch("other")).status).toBe(200);
});

describe("what can't be run is refused:", () => {
  test.each([
    ["a missing file", "nothing.ts", undefined, "file_not_found"],
    ["a syntax error", "broken.ts", "export default {", "invalid_source"],
    ["a file that is no program", "text", "hello", "not_executable"],
  ])("%s", async (_, name, content, code) => {
    await using env = soloEnv();
    const { env: variables, left } = own(env);
    if (content !== undefined) env.write(name, content);
    await refused(env, ["run", `./${name}`], { code, exit: 2 }, { env: variables });
    expect(left()).toEqual([]);
  });

  test("a service that does not get ready in time is stopped", async () => {
    await using env = soloEnv();
    const path = env.write("slow.ts", "await new Promise((resolve) => setTimeout(resolve, 100_000));");
    const { message } = await refused(env, ["run", path, "--timeout", "200ms"], { code: "start_failed", exit: 1 });
    expect(message).toContain("and was stopped");
    expect(processesOf(env.root)).toEqual([]);
  });

  test("a source that throws ends with its stack and exit code 1", async () => {
    await using env = soloEnv();
    const result = await env.run(["run", env.write("throws.ts", `throw new Error("no use");`)]);
    expect(result.code).not.toBe(0);
    expect(result.stderr).toContain("no use");
  });
});
