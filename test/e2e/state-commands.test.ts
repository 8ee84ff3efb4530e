import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { importState } from "../../src/cli/import-state.ts";
import { Daemon, failure, type SoloEnv } from "../support/index.ts";
import { stateService } from "../support/state-service.ts";

setDefaultTimeout(90_000);

/** A daemon with a service of that name. */
async function withService(): Promise<Daemon> {
  const daemon = await Daemon.start();
  await daemon.deploy({ shop: daemon.module("state.ts", stateService) });
  return daemon;
}

async function json(env: SoloEnv, args: string[], code = 0): Promise<unknown> {
  const result = await env.run([...args, "--json"]);
  expect([args, result.code, result.stderr]).toEqual([args, code, ""]);
  return JSON.parse(result.stdout);
}

const lines = (text: string): unknown[] =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

describe("solo state", () => {
  test("gets, sets and deletes keys, on conditions too", async () => {
    await using daemon = await withService();
    const { env } = daemon;
    const place = { service: "shop", tenant: "default" };
    expect(await json(env, ["state", "get", "shop", "a"], 5)).toMatchObject({ error: { code: "not_found" } });
    expect(await json(env, ["state", "set", "shop", "a", '{"x": [1, null]}'])).toEqual({
      ...place,
      key: "a",
      version: 1,
    });
    expect(await json(env, ["state", "get", "shop", "a"])).toEqual({
      ...place,
      key: "a",
      value: { x: [1, null] },
      version: 1,
      bytes: 6,
    });
    const forms = { $object: { $a: 1 } };
    const odd = { bytes: { $bytes: "AQI=" }, date: { $date: "2026-01-02T03:04:05.678Z" }, own: forms };
    await json(env, ["state", "set", "shop", "odd", JSON.stringify(odd)]);
    expect(await json(env, ["state", "get", "shop", "odd"])).toMatchObject({ value: odd });
    expect(await json(env, ["state", "set", "shop", "a", "2", "--if-version", "9"], 6)).toMatchObject({
      error: { code: "conflict", applied: "no" },
    });
    expect(await json(env, ["state", "set", "shop", "a", "nope"], 2)).toMatchObject({ error: { code: "usage" } });
    expect(await json(env, ["state", "set", "shop", "a", '{"$x": 1}'], 2)).toMatchObject({
      error: { code: "invalid_request" },
    });
    expect(await json(env, ["state", "delete", "shop", "a"])).toEqual({ ...place, key: "a", deleted: true });
    expect(await json(env, ["state", "delete", "shop", "a"])).toEqual({ ...place, key: "a", deleted: false });
    expect(await json(env, ["state", "get", "nobody", "a"], 5)).toMatchObject({ error: { code: "not_found" } });
  });

  test("exports what import takes, and import checks every line before it writes one", async () => {
    await using daemon = await withService();
    const { env } = daemon;
    for (const [key, value] of [
      ["b", "2"],
      ["a", '"text"'],
      ["c:1", '{"$bigint":"9007199254740993"}'],
    ] as const) {
      await json(env, ["state", "set", "shop", key, value]);
    }
    const { stdout } = (await env.run(["state", "export", "shop"])).expect();
    const exported = [
      { key: "a", value: "text" },
      { key: "b", value: 2 },
      { key: "c:1", value: { $bigint: "9007199254740993" } },
    ];
    expect(lines(stdout)).toEqual(exported);
    await daemon.deploy({ other: daemon.module("state.ts", stateService) });
    const broken = env.write("broken.ndjson", `${stdout}{"key": "d"}\n`);
    expect(await json(env, ["state", "import", "other", broken], 2)).toMatchObject({
      error: { message: expect.stringContaining("broken.ndjson:4") },
    });
    expect((await env.run(["state", "scan", "other"])).expect().stdout).toBe("");
    const good = env.write("good.ndjson", stdout);
    expect(await json(env, ["state", "import", "other", good, "--dry-run"], 10)).toMatchObject({ entries: 3 });
    expect(await json(env, ["state", "import", "other", good])).toMatchObject({ entries: 3, position: 1 });
    expect(lines((await env.run(["state", "export", "other"])).expect().stdout)).toEqual(exported);
    const scanned = (await env.run(["state", "scan", "other", "--after", "a", "--limit", "1", "--json"])).expect()
      .stdout;
    expect(lines(scanned)).toEqual([{ type: "entry", key: "b", value: 2, version: 1 }]);
    const piped = await env.run(["state", "import", "other", "-", "--json"], { input: stdout });
    expect(JSON.parse(piped.expect().stdout)).toMatchObject({ entries: 3, added: { keys: 0 } });
    const odd = await env.run(["state", "import", "other", "-"], { input: `${stdout}{"key": "d"}\n` });
    expect([odd.code, odd.stderr]).toEqual([2, expect.stringContaining("standard-input:4")]);
  });

  test("an import that the quota has no room for writes nothing, and one that is cut short says what it wrote", async () => {
    await using daemon = await Daemon.start();
    const { env } = daemon;
    await daemon.deploy({ shop: daemon.module("state.ts", stateService, { state: { max_keys: 1_500 } }) });
    const entry = (index: number) => `{"key": "k${String(index).padStart(5, "0")}", "value": ${index}}\n`;
    const entries = (count: number) => Array.from({ length: count }, (_, index) => entry(index)).join("");
    const large = env.write("large.ndjson", entries(1_501));
    for (const flags of [[], ["--dry-run"]]) {
      expect(await json(env, ["state", "import", "shop", large, ...flags], 12)).toMatchObject({
        error: { code: "limit_exceeded", applied: "no", details: { limit: "max_keys" } },
      });
    }
    expect((await env.run(["state", "scan", "shop"])).expect().stdout).toBe("");
    // Somebody else takes the room between the check and the second batch.
    const file = env.write("fits.ndjson", entries(1_500));
    let requests = 0;
    const stateImport: typeof daemon.client.stateImport = async (input) => {
      if (++requests === 4) await daemon.client.stateSet({ name: "shop", key: "other", value: 1 });
      return daemon.client.stateImport(input);
    };
    const importing = importState({ stateImport }, { tenant: "default", name: "shop", file, dryRun: false });
    const { error } = (await failure(importing)).toDocument();
    expect(error).toMatchObject({ code: "limit_exceeded", applied: "yes", details: { entries: 1_000, position: 1 } });
    expect(lines((await env.run(["state", "export", "shop"])).expect().stdout)).toHaveLength(1_001);
    await json(env, ["state", "delete", "shop", "other"]);
    const full = env.write("full.ndjson", entries(1_500));
    expect(await json(env, ["state", "import", "shop", full])).toMatchObject({
      entries: 1_500,
      added: { keys: 500, bytes: 500 * 9 },
    });
  });

  test("follows changes over a kernel's crash, and shows what there is while no kernel runs", async () => {
    await using daemon = await withService();
    const { env } = daemon;
    const watch = env.follow(["state", "watch", "shop", "--json", "--since-cursor", "0"]);
    await json(env, ["state", "set", "shop", "a", "1"]);
    await watch.line(/"key":"a","value":1/);
    await daemon.crashKernel();
    await json(env, ["state", "set", "shop", "a", "2"]);
    await watch.line(/"key":"a","value":2/);
    expect(await watch.stop("SIGINT")).toBe(130);
    await daemon.crashBoth();
    expect(await json(env, ["state", "get", "shop", "a"])).toMatchObject({ value: 2 });
    expect((await env.run(["state", "export", "shop"])).expect().stdout).toBe('{"key":"a","value":2}\n');
    await daemon.start();
    expect(await json(env, ["state", "get", "shop", "a"])).toMatchObject({ value: 2 });
  });
});
