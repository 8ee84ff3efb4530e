import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SoloError } from "../../../src/api/error.ts";
import { type Flags, loadConfig } from "../../../src/config/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** A user with a home and a project folder, and the files given for them. */
function user(files: Readonly<Record<string, string>> = {}) {
  const root = temporaryFolder();
  mkdirSync(join(root, "project"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const load = (env: Readonly<Record<string, string>> = {}, flags: Flags = {}) =>
    loadConfig({ cwd: join(root, "project"), env: { HOME: root, ...env }, flags });
  return { root, load };
}

const userFile = ".config/solo/config.toml";

async function failureOf(promise: Promise<unknown>): Promise<SoloError> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof SoloError) return thrown;
  throw new Error(`expected a SoloError, got ${Bun.inspect(thrown)}`);
}

describe("layers", () => {
  const files = { [userFile]: "[solo]\ningress_port = 1001\n", "project/solo.toml": "[solo]\n  ingress_port = 1002\n" };

  test("without any file the built-in values hold", async () => {
    const config = await user().load();
    expect(config.get("solo.ingress_port")).toBe(8000);
    expect(config.get("cli.context")).toBeNull();
    expect(config.files).toEqual({ user: null, project: null });
  });

  test("flag › environment › project › user › built-in, and explain tells each with its place", async () => {
    const { root, load } = user(files);
    const config = await load({ SOLO_INGRESS_PORT: "1003" }, { "ingress-port": "1004" });
    expect(config.explain("solo.ingress_port")).toMatchObject({
      value: 1004,
      layer: "flag",
      place: "--ingress-port",
      layers: [
        { layer: "flag", value: 1004, place: "--ingress-port" },
        { layer: "environment", value: 1003, place: "SOLO_INGRESS_PORT" },
        { layer: "project", value: 1002, place: "solo.toml:2:3" },
        { layer: "user", value: 1001, place: `${join(root, userFile)}:2:1` },
        { layer: "built-in", value: 8000, place: "built-in" },
      ],
    });
    expect((await load({ SOLO_INGRESS_PORT: "1003" })).get("solo.ingress_port")).toBe(1003);
    expect((await load({ SOLO_INGRESS_PORT: "" })).get("solo.ingress_port")).toBe(1002);
  });

  test("--config and SOLO_CONFIG replace the user's file, and it must exist", async () => {
    const { load } = user({ "project/other.json": '{"solo": {"bind": "::1"}}' });
    expect((await load({ SOLO_CONFIG: "other.json" })).get("solo.bind")).toBe("::1");
    const error = await failureOf(load({}, { config: "none.toml" }));
    expect(error.code).toBe("file_not_found");
    expect(error.message).toContain("none.toml");
  });

  test("two files for one layer are refused instead of one being ignored", async () => {
    const { load } = user({ "project/solo.toml": "", "project/solo.json": "{}" });
    expect((await failureOf(load())).message).toStartWith("both solo.toml and solo.json exist");
  });

  test("a data directory starts at the file that names it, at the working directory for a flag, and at home for ~", async () => {
    const { root, load } = user({ [userFile]: '[solo]\ndata_dir = "data"\n' });
    expect((await load()).get("solo.data_dir")).toBe(join(root, ".config/solo/data"));
    expect((await load({}, { "data-dir": "data" })).paths.database).toBe(join(root, "project/data/kernel.db"));
    expect((await load({ SOLO_DATA_DIR: "~/data" })).get("solo.data_dir")).toBe(join(root, "data"));
  });

  test("durations and sizes become numbers, and are shown as a file writes them", async () => {
    const config = await user({
      [userFile]: '[logs]\nservice_bytes = "1.5MB"\n[defaults]\ntimeout = "1m30s"\n',
    }).load();
    expect(config.get("logs.service_bytes")).toBe(1_500_000);
    expect(config.get("defaults.timeout")).toBe(90_000);
    expect(config.show()).toMatchObject({
      logs: { service_bytes: "1500KB", total_bytes: "1GB" },
      defaults: { timeout: "90s" },
    });
  });

  test("explain of an unknown key names the nearest one", async () => {
    const config = await user().load();
    expect(() => config.explain("solo.ingres_port")).toThrow(
      expect.objectContaining({ code: "not_found", hint: "did you mean solo.ingress_port?" }),
    );
  });
});

describe("mistakes", () => {
  test("all of them are told at once, in order, with place and nearest key", async () => {
    const text = `[solo]\ningres_port = 8000\nbind = "here"\n\n[log]\nx = 1\n\n[events]\nkeep = "many"\n[defaults]\ntimeout = 30\n`;
    const error = await failureOf(user({ "project/solo.toml": text }).load());
    expect(error.code).toBe("invalid_config");
    expect(error.exit).toBe(2);
    expect(error.message.split("\n")).toEqual([
      "solo.toml:2:1: solo.ingres_port: unknown key (did you mean ingress_port?)",
      'solo.toml:3:8: solo.bind: expected an IP address such as "127.0.0.1" or "::1", got "here"',
      "solo.toml:5:2: log: unknown table (did you mean logs?)",
      'solo.toml:9:8: events.keep: expected a number of events from 100 to 10000000, got "many"',
      'solo.toml:11:11: defaults.timeout: expected a duration with its unit (ms, s, m, h or d), got 30 (write "30s")',
    ]);
    expect(error.details?.problems).toBeArrayOfSize(5);
  });

  test("a setting that is no table", async () => {
    const error = await failureOf(user({ "project/solo.toml": "solo = 5" }).load());
    expect(error.message).toBe("solo.toml:1:8: solo: expected a table: [solo]");
  });

  test.each([
    ["solo.toml", "[solo\n", /^solo\.toml:1:6: not valid TOML: /],
    ["solo.toml", "a = 1\na = 2\n", /^solo\.toml:2:\d+: not valid TOML: /],
    ["solo.toml", "[__proto__]\n", /^solo\.toml:1:\d+: not valid TOML: /],
    ["solo.json", '{\n  "solo": {,}\n}', /^solo\.json:2:12: not valid JSON: expected a string/],
    ["solo.json", '{"a": 1, "a": 2}', /^solo\.json:1:10: not valid JSON: the key "a" is there twice/],
    ["solo.json", "[]", /^solo\.json:1:1: not valid JSON: expected an object/],
    ["solo.json", '{"solo": {"bnd": 1}}', /^solo\.json:1:11: solo\.bnd: unknown key$/],
  ])("%s with %j", async (name, text, message) => {
    expect((await failureOf(user({ [`project/${name}`]: text }).load())).message).toMatch(message);
  });

  test("bytes that are no UTF-8 are told with their place", async () => {
    const { root, load } = user();
    writeFileSync(join(root, "project/solo.toml"), Buffer.from([0x23, 0x0a, 0x61, 0xff]));
    expect((await failureOf(load())).message).toBe("solo.toml:2:2: not valid UTF-8");
  });

  test.each([
    ["SOLO_INGRESS_PORT", "80a"],
    ["SOLO_INGRESS_PORT", "70000"],
    ["SOLO_BIND", "localhost"],
    ["SOLO_LOG_LEVEL", "verbose"],
    ["SOLO_TENANT", "a b"],
    ["SOLO_TIMEOUT", "30"],
    ["SOLO_LOGS_TOTAL_BYTES", "1"],
  ])("the environment variable %s = %j is refused by name", async (name, value) => {
    const error = await failureOf(user().load({ [name]: value }));
    expect(error.code).toBe("invalid_config");
    expect(error.message).toStartWith(`environment variable ${name}: expected `);
    expect(error.message).toEndWith(`got ${JSON.stringify(value)}`);
  });

  test("a flag is refused as wrong usage", async () => {
    const error = await failureOf(user().load({}, { timeout: "soon" }));
    expect(error.code).toBe("usage");
    expect(error.message).toBe('--timeout: expected a duration such as "30s", got "soon"');
  });

  test("services don't belong in the user's file, nor contexts in a project's", async () => {
    const services = await failureOf(user({ [userFile]: '[service.a]\nsource = "a.ts"\n' }).load());
    expect(services.message).toContain("services are declared in a project's solo.toml");
    const contexts = await failureOf(user({ "project/solo.toml": '[contexts.a]\nurl = "https://a"\n' }).load());
    expect(contexts.message).toContain("contexts belong in the user configuration");
  });
});

describe("the target", () => {
  const contexts = '[contexts.prod]\nurl = "https://solo.example.com"\ntoken_file = "token"\n';

  test("is the context that a flag, the environment or the file names", async () => {
    const { root, load } = user({ [userFile]: `[cli]\ncontext = "prod"\n${contexts}` });
    const prod = { name: "prod", url: "https://solo.example.com", token_file: join(root, ".config/solo/token") };
    expect((await load()).target()).toEqual(prod);
    expect((await load({}, { context: "local" })).target()).toBeNull();
  });

  test("that isn't there is an error that names who asked for it", async () => {
    const config = await user({ [userFile]: contexts }).load({ SOLO_CONTEXT: "prd" });
    expect(() => config.target()).toThrow(
      expect.objectContaining({
        code: "not_found",
        message: 'SOLO_CONTEXT: there is no context "prd"',
        hint: "did you mean prod?",
      }),
    );
  });

  test.each([
    ['url = "ftp://a"', "expected an https://, http:// or unix:// URL"],
    ['url = "http://10.0.0.1:80"', "http:// is for this machine only"],
    ['url = "https://user:secret@a"', "a URL must not hold credentials"],
    ['url = "https://a/path"', "expected only scheme, host and port"],
    ['url = "https://a"\ncert = "c"', "cert and key belong together"],
    ['url = "https://a"\ntoken = "t"', "contexts.a.token: unknown key"],
    ['ca = "c"', "url is missing"],
  ])("%j is refused", async (lines, message) => {
    expect((await failureOf(user({ [userFile]: `[contexts.a]\n${lines}\n` }).load())).message).toContain(message);
  });

  test.each(["https://a", "https://[::1]:8443", "http://localhost:8080", "http://127.0.0.2", "unix:///run/solo.sock"])(
    "%s is a target",
    async (url) => {
      const config = await user({ [userFile]: `[contexts.a]\nurl = "${url}"\n` }).load({ SOLO_CONTEXT: "a" });
      expect(config.target()).toEqual({ name: "a", url });
    },
  );
});
