import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { processesOf, type SoloEnv, soloBinary, soloEnv } from "../support/index.ts";

/** Output that is closed, full or read only in part. */

async function shell(env: SoloEnv, script: string, ...args: string[]) {
  const child = Bun.spawn(["bash", "-c", script, soloBinary(), ...args], {
    cwd: env.root,
    env: { ...env.env, TMPDIR: env.root },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { stdout, stderr, code: await child.exited };
}

describe("a full disk behind stdout", () => {
  test.each([["list"], ["list --json"], ["--help"], ["version"]])("fails %s with a word on stderr", async (words) => {
    await using env = soloEnv();
    const { stderr, code } = await shell(env, `"$0" ${words} >/dev/full`);
    expect(code).toBe(1);
    expect(stderr).toStartWith("error: stdout: can't be written");
    expect(stderr).not.toContain("$bunfs");
  });

  test("does not hide the exit code of a failure", async () => {
    await using env = soloEnv();
    const { stderr, code } = await shell(env, `"$0" status nobody --json >/dev/full`);
    expect({ stderr, code }).toMatchObject({ code: 5, stderr: expect.stringContaining("nobody") });
  });
});

describe("a reader that is gone", () => {
  test.each([
    ["health --json", 7],
    ["status nobody --json", 5],
    ["lisst --json", 2],
    ["list --json", 0],
    ["--help", 0],
  ])("leaves %s its exit code", async (words, code) => {
    await using env = soloEnv();
    const { stdout, stderr } = await shell(env, `"$0" ${words} | sleep 0; echo "\${PIPESTATUS[0]}"`);
    expect({ stdout, stderr }).toEqual({ stdout: `${code}\n`, stderr: "" });
  });

  test("of a run ends it, with all it started", async () => {
    await using env = soloEnv();
    const path = env.write("chatty.sh", "#!/bin/sh\nwhile :; do echo line; sleep 0.01; done\n", 0o755);
    const { stdout, stderr } = await shell(env, `"$0" run "$1" | head -n 2; echo "\${PIPESTATUS[0]}"`, path);
    expect({ stdout, stderr }).toEqual({ stdout: "line\nline\n0\n", stderr: "" });
    expect(processesOf(env.root)).toEqual([]);
    expect(readdirSync(env.root).filter((name) => name.startsWith("solo-run-"))).toEqual([]);
  });

  test("of stderr does not end a deploy", async () => {
    await using env = soloEnv();
    const path = env.write("web.ts", "export default { fetch: () => new Response() };");
    const { stdout } = await shell(
      env,
      `exec 3>&1; { "$0" deploy "$1" --json 2>&1 >&3; echo "$?" >&3; } | sleep 0`,
      path,
    );
    const [document = "", code] = stdout.split("\n");
    expect(JSON.parse(document)).toMatchObject({ service: "web", state: "ready" });
    expect(code).toBe("0");
  });
});

describe("closed descriptors", () => {
  test.each([
    ["stdin", "<&-"],
    ["stderr", "2>&-"],
  ])("%s: the result is the same", async (_, redirection) => {
    await using env = soloEnv();
    const { stdout, code } = await shell(env, `"$0" list --json ${redirection}`);
    expect({ stdout, code }).toEqual({ stdout: `{"services":[]}\n`, code: 0 });
  });

  test.each([["list"], ["list --json"], ["--help"], ["version"], ["config show"]])(
    "stdout: %s fails with a word on stderr",
    async (words) => {
      await using env = soloEnv();
      const { stderr, code } = await shell(env, `"$0" ${words} >&-`);
      expect({ stderr, code }).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("error: stdout: can't be written (it is closed)"),
      });
    },
  );

  test("/dev/null is no closed stdout", async () => {
    await using env = soloEnv();
    expect(await shell(env, `"$0" list >/dev/null; "$0" list --json 1<>/dev/null`)).toMatchObject({
      stderr: "",
      code: 0,
    });
  });

  test("stdout: the exit code is the same", async () => {
    await using env = soloEnv();
    expect((await shell(env, `"$0" status nobody --json >&-`)).code).toBe(5);
  });
});

describe("--json without a command's document", () => {
  test.each([
    [["--help", "--json"], "first steps"],
    [["deploy", "--help", "--json"], "deploy PATH"],
    [["help", "logs", "--json"], "logs NAME"],
    [["config", "--json"], "config show"],
  ])("%p is help as a document", async (args, word) => {
    await using env = soloEnv();
    const document = (await env.run(args)).expect().json();
    expect(document).toMatchObject({ help: expect.stringContaining(word === "first steps" ? "EXAMPLES" : word) });
  });

  test.each([[["--json"]], [["--json", "--tenant", "a"]], [["-q", "--json"]]])("%p is a usage error", async (args) => {
    await using env = soloEnv();
    expect((await env.run(args)).expect(2).json()).toMatchObject({ error: { code: "usage" } });
  });
});

test("a change of a service that there is none of starts no daemon", async () => {
  await using env = soloEnv();
  for (const args of [
    ["restart", "nobody"],
    ["scale", "nobody", "2"],
    ["kill", "nobody"],
  ]) {
    (await env.run(args)).expect(5);
  }
  (await env.run(["health"])).expect(7);
});
