import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { logLineSchema } from "../../src/api/index.ts";
import { type RunResult, type SoloEnv, soloEnv, waitFor } from "../support/index.ts";

/** What services print: kept whole, within budgets, and found again. */

const messages = (result: RunResult) =>
  result
    .expect()
    .lines()
    .map((line) => logLineSchema.parse(line).message);
const logs = (env: SoloEnv, name: string, ...flags: string[]) => env.run(["logs", name, "--json", ...flags]);

/** Runs a shell script as a service, once. */
async function script(env: SoloEnv, name: string, text: string, variables: Record<string, string> = {}): Promise<void> {
  const flags = ["--kind", "command", "--restart", "temporary"];
  (await env.run(["deploy", "sh", name, ...flags, "--", "-c", text], { env: variables })).expect();
}

async function completed(env: SoloEnv, name: string, deadlineMs = 10_000): Promise<void> {
  const isCompleted = async () => (await env.run(["status", name, "--json"])).stdout.includes(`"state":"completed"`);
  await waitFor(isCompleted, { what: `${name} to complete`, deadlineMs });
}

/** Bytes that the logs of all services take on disk. */
function logBytes(env: SoloEnv): number {
  const { stdout } = Bun.spawnSync(["du", "--summarize", "--block-size=1", `${env.dataDir}/logs`]);
  return Number.parseInt(stdout.toString(), 10);
}

describe("a service that writes fast", () => {
  const health = z.object({ pid: z.int() });
  const rssBytes = (pid: number) =>
    Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1_024;

  test("1 GB fills neither the disk nor the kernel's memory, and keeps nobody waiting", async () => {
    await using env = soloEnv();
    (await env.run(["start"])).expect();
    const { pid } = (await env.run(["health", "--json"])).expect().json(health);
    const before = rssBytes(pid);
    const line = "a line of a service that has a great deal to say about nothing in particular";
    await script(env, "flood", `yes '${line}' | head -c 1000000000; echo; echo the end`);
    let [mostBytes, mostRss, answers] = [0, 0, 0];
    const look = async () => {
      mostBytes = Math.max(mostBytes, logBytes(env));
      mostRss = Math.max(mostRss, rssBytes(pid));
      const list = (await env.run(["list", "--json"], { timeoutMs: 5_000 })).expect();
      answers += 1;
      return list.stdout.includes(`"state":"completed"`);
    };
    await waitFor(look, { what: "the flood to end", deadlineMs: 90_000 });
    expect(answers).toBeGreaterThan(3);
    // 64 MB is the budget of a service; the kernel's own log lies there as well.
    expect(mostBytes).toBeLessThan(66_000_000);
    expect(mostBytes).toBeGreaterThan(30_000_000);
    expect(mostRss - before).toBeLessThan(30_000_000);
    const last = messages(await logs(env, "flood", "--tail", "4"));
    expect(last.slice(0, 2)).toEqual([line, line]);
    expect(last.at(-1)).toBe("the end");
  }, 120_000);

  test("keeps to a smaller budget of its own", async () => {
    await using env = soloEnv();
    env.write(
      "solo.toml",
      `[service.flood]
command = ["sh", "-c", "yes 'a line of forty characters or about that' | head -c 50000000; echo; echo the end"]
restart = { policy = "temporary" }
logs = { bytes = "2MB" }
`,
    );
    (await env.run(["deploy", "--file", "solo.toml"])).expect();
    await completed(env, "flood", 30_000);
    expect(logBytes(env)).toBeLessThan(3_000_000);
    expect(messages(await logs(env, "flood", "--tail", "1"))).toEqual(["the end"]);
    expect((await env.run(["status", "flood", "--json"])).json()).toMatchObject({ limits: { log_bytes: 2_000_000 } });
  }, 60_000);

  test("shares a budget with all others", async () => {
    await using env = soloEnv();
    const budgets = { SOLO_LOGS_TOTAL_BYTES: "6MB", SOLO_LOGS_SERVICE_BYTES: "4MB" };
    (await env.run(["start"], { env: budgets })).expect();
    await script(env, "quiet", "echo something small", budgets);
    const names = ["one", "two", "three"];
    for (const name of names) {
      const text = `yes '${name} writes a line and then another one' | head -c 20000000; echo; echo the end`;
      await script(env, name, text, budgets);
    }
    for (const name of names) await completed(env, name, 30_000);
    for (const name of names) expect(messages(await logs(env, name, "--tail", "1"))).toEqual(["the end"]);
    expect(logBytes(env)).toBeLessThan(7_000_000);
    // What takes the most is cut first.
    expect(messages(await logs(env, "quiet"))).toEqual(["something small"]);
  }, 90_000);
});

describe("lines", () => {
  test("of a megabyte are kept whole", async () => {
    await using env = soloEnv();
    await script(env, "long", "for c in a b c; do head -c 1000000 /dev/zero | tr '\\0' $c; echo; done");
    await completed(env, "long");
    expect(messages(await logs(env, "long"))).toEqual(["a", "b", "c"].map((letter) => letter.repeat(1_000_000)));
  });

  test("that were not finished are kept", async () => {
    await using env = soloEnv();
    await script(env, "partial", "echo whole; printf 'and half a'");
    await completed(env, "partial");
    expect(messages(await logs(env, "partial"))).toEqual(["whole", "and half a"]);
  });

  test("keep their stream, and what is no text survives as far as it can", async () => {
    await using env = soloEnv();
    await script(env, "odd", "echo out; echo err >&2; printf 'tab\\there \\033[31mred\\033[0m \\377 end\\n'");
    await completed(env, "odd");
    const lines = (await logs(env, "odd"))
      .expect()
      .lines()
      .map((line) => logLineSchema.parse(line));
    expect(lines.find(({ message }) => message === "out")?.stream).toBe("stdout");
    expect(lines.find(({ message }) => message === "err")?.stream).toBe("stderr");
    expect(lines.map(({ message }) => message)).toContain("tab\there \u001b[31mred\u001b[0m \uFFFD end");
  });
});

describe("logs can be asked for", () => {
  const counting = `let n = 0; const t = setInterval(() => { console.log("line " + ++n); if (n === 100) clearInterval(t); }, 1);
export default { fetch: () => new Response(String(n)) };`;

  async function counted(env: SoloEnv, ...flags: string[]): Promise<void> {
    (await env.run(["deploy", env.write("counting.ts", counting), ...flags])).expect();
    const all = async () => (await logs(env, "counting")).lines().length === 100 * (flags.includes("2") ? 2 : 1);
    await waitFor(all, { what: "all lines" });
  }

  test("by their number, a pattern, a cursor, and a time", async () => {
    await using env = soloEnv();
    await counted(env);
    expect(messages(await logs(env, "counting", "--tail", "2"))).toEqual(["line 99", "line 100"]);
    expect(messages(await logs(env, "counting", "--tail", "0"))).toEqual([]);
    expect(messages(await logs(env, "counting", "--grep", "^line 9\\d?$"))).toHaveLength(11);
    expect(messages(await logs(env, "counting", "--grep", "9", "--tail", "1"))).toEqual(["line 99"]);
    const lines = (await logs(env, "counting")).lines().map((line) => logLineSchema.parse(line));
    const cursor = lines[49]?.cursor ?? "";
    expect(messages(await logs(env, "counting", "--since-cursor", cursor))).toEqual(
      lines.slice(50).map(({ message }) => message),
    );
    const time = lines[70]?.time ?? "";
    const since = messages(await logs(env, "counting", "--since", time));
    expect(since).toEqual(lines.filter((line) => line.time >= time).map(({ message }) => message));
    expect(messages(await logs(env, "counting", "--since", "1h"))).toHaveLength(100);
    expect((await env.run(["logs", "counting", "--tail", "1"])).expect().stdout).toContain("line 100\n");
  });

  test("by their instance", async () => {
    await using env = soloEnv();
    await counted(env, "--replicas", "2");
    const lines = (await logs(env, "counting")).lines().map((line) => logLineSchema.parse(line));
    const instances = [...new Set(lines.map(({ instance }) => instance))];
    expect(instances).toHaveLength(2);
    for (const instance of instances) {
      const own = (await logs(env, "counting", "--instance", instance)).expect().lines();
      expect(own).toHaveLength(100);
    }
  });

  test("after the kernel and the service have ended", async () => {
    await using env = soloEnv();
    await counted(env);
    (await env.run(["stop"])).expect();
    expect(messages(await logs(env, "counting"))).toHaveLength(100);
  });
});

test("logs -f goes on over three kill -9 of the kernel without losing or repeating a line", async () => {
  await using env = soloEnv();
  const source = `let n = 0; setInterval(() => console.log(String(++n)), 2); export default { fetch: () => new Response() };`;
  (await env.run(["deploy", env.write("endless.ts", source)])).expect();
  const following = env.follow(["logs", "endless", "-f", "--json"]);
  const more = (from: number) => waitFor(() => following.lines.length > from + 50, { what: "more lines" });
  let kernel = 0;
  for (let round = 0; round < 3; round++) {
    await more(following.lines.length);
    const isBack = async () => {
      const health = await env.run(["health", "--json"]);
      const pid = health.code === 0 ? health.json(z.object({ pid: z.int() })).pid : kernel;
      return pid !== kernel && pid;
    };
    kernel = await waitFor(isBack, { what: "the next kernel" });
    process.kill(kernel, "SIGKILL");
  }
  await more(following.lines.length);
  expect(await following.stop("SIGINT")).toBe(130);
  expect(following.stderr).toContain("no kernel answers; waiting for one\n");
  const seen = following.lines.flatMap((line) => {
    const { instance, message } = logLineSchema.parse(JSON.parse(line));
    return instance === "solo" ? [] : [Number(message)];
  });
  expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => index + 1));
}, 60_000);

test("an instance that never was is told, with those that were; one that is gone keeps its lines", async () => {
  await using env = soloEnv();
  const service = env.write("web.ts", `console.log("was here"); export default { fetch: () => new Response("web") };`);
  (await env.run(["deploy", service])).expect();
  const id = /web-[0-9a-f]{6}/.exec((await env.run(["status", "web", "--json"])).expect().stdout)?.[0] ?? "";
  const refused = {
    error: { code: "not_found", message: "web has and had no instance nope", hint: `its log has lines of ${id}` },
  };
  for (const more of [[], ["--follow"]]) {
    expect((await env.run(["logs", "web", "--instance", "nope", "--json", ...more])).json()).toMatchObject(refused);
  }
  expect((await env.run(["logs", "web", "--instance", id])).expect().stdout).toBe("was here\n");
  (await env.run(["kill", "web"])).expect();
  expect((await env.run(["logs", "web", "--instance", id, "--grep", "nothing"])).expect().stdout).toBe("");
  (await env.run(["stop"])).expect();
  expect((await env.run(["logs", "web", "--instance", id])).expect().stdout).toBe("was here\n");
  expect((await env.run(["logs", "web", "--instance", "nope", "--json"])).json()).toMatchObject(refused);
});
