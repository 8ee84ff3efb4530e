import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { environmentOf } from "../../../src/cli/deploy/environment.ts";
import { preopensOf } from "../../../src/cli/deploy/preopens.ts";
import { healthOf } from "../../../src/cli/deploy/probe.ts";
import { programOf } from "../../../src/cli/deploy/program.ts";
import { serviceNameOf } from "../../../src/cli/deploy/service-name-of.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const cwd = temporaryFolder();
for (const file of ["web.ts", "tool", "module.wasm", "data.bin"]) writeFileSync(join(cwd, file), "");
chmodSync(join(cwd, "tool"), 0o755);
mkdirSync(join(cwd, "app"));

describe("the name of a service", () => {
  test.each([
    ["/srv/web.ts", "web"],
    ["/srv/web/index.ts", "web"],
    ["/srv/counter/service.ts", "counter"],
    ["/srv/shop/service", "service"],
    ["/srv/my app.v2.js", "my-app-v2"],
    ["/usr/bin/redis-server", "redis-server"],
    ["/srv/_under.wasm", "_under"],
    [`/srv/${"x".repeat(80)}.ts`, "x".repeat(64)],
  ])("of %s is %s", (path, name) => {
    expect(serviceNameOf(path)).toBe(name);
  });

  test("is asked for when the path gives none", () => {
    expect(() => serviceNameOf("/srv/….ts")).toThrow("gives no usable name");
  });
});

describe("what is run", () => {
  const program = (path: string, args: string[] = [], local = true) =>
    programOf({ path, args, kind: undefined, cwd, local });

  test("follows from the file", async () => {
    expect(await program("web.ts", ["a"])).toEqual({ kind: "source", path: join(cwd, "web.ts"), args: ["a"] });
    expect(await program("module.wasm")).toMatchObject({ kind: "wasm" });
    expect(await program("app")).toMatchObject({ kind: "source", path: join(cwd, "app") });
    expect(await program("./tool", ["--x"])).toEqual({ kind: "command", command: [join(cwd, "tool"), "--x"] });
    expect(await program("tool")).toEqual({ kind: "command", command: [join(cwd, "tool")] });
  });

  test("may be a program of the kernel's PATH", async () => {
    expect(await program("redis-server", ["--port", "$PORT"])).toEqual({
      kind: "command",
      command: ["redis-server", "--port", "$PORT"],
    });
  });

  test("may be said", async () => {
    expect(await programOf({ path: "web.ts", args: [], kind: "command", cwd, local: true })).toMatchObject({
      kind: "command",
    });
  });

  test.each(["missing.ts", "./missing", "nowhere/tool", "missing.wasm"])(
    "is missed when %s is not there",
    async (path) => {
      await expect(program(path)).rejects.toThrow("there is no such file or folder");
    },
  );

  test("may be an executable that is there and not here when the kernel is elsewhere; a module is brought", async () => {
    expect(await program("/opt/missing", [], false)).toEqual({ kind: "command", command: ["/opt/missing"] });
    for (const word of ["./missing", "missing.ts", "missing.wasm"]) {
      await expect(program(word, [], false)).rejects.toThrow("no such file");
    }
  });
});

describe("the environment", () => {
  const of = (words: string[], files: string[] = []) => environmentOf(words, files, { cwd, env: { HOME: "/home/me" } });

  test("takes values, and this shell's for names alone", () => {
    expect(of(["A=1", "B=x=y", "C=", "HOME"])).toEqual({ A: "1", B: "x=y", C: "", HOME: "/home/me" });
  });

  test("lets flags overrule files, and later files earlier ones", () => {
    writeFileSync(join(cwd, "one.env"), "A=one\nB=one\n");
    writeFileSync(join(cwd, "two.env"), `# a comment\n\nexport B="two words"\nC='#'\n`);
    expect(of(["A=flag"], ["one.env", "two.env"])).toEqual({ A: "flag", B: "two words", C: "#" });
  });

  test("refuses what it can't read, with the place", () => {
    writeFileSync(join(cwd, "bad.env"), "A=1\nnonsense\n");
    expect(() => of([], ["bad.env"])).toThrow("bad.env:2:1");
    expect(() => of([], ["missing.env"])).toThrow("missing.env");
    expect(() => of(["UNSET_HERE"])).toThrow("not set in this shell");
    expect(() => of(["1A=x"])).toThrow("no variable name");
  });
});

test("one probe serves for readiness and liveness", () => {
  expect(healthOf({ "health-http": "/health", grace: 5_000 })).toEqual({
    readiness: { type: "http", target: "/health" },
    liveness: { type: "http", target: "/health" },
    grace_ms: 5_000,
  });
  expect(healthOf({ "health-tcp": "db.local:5432" }).readiness).toEqual({ type: "tcp", host: "db.local", port: 5_432 });
  expect(healthOf({ "health-exec": "test -f x" }).readiness).toEqual({
    type: "exec",
    command: ["/bin/sh", "-c", "test -f x"],
  });
  expect(healthOf({})).toEqual({});
  expect(() => healthOf({ "health-http": "/", "health-tcp": "1" })).toThrow("give one of");
  expect(() => healthOf({ "health-tcp": "many" })).toThrow("expects PORT");
  expect(() => healthOf({ "health-tcp": "70000" })).toThrow("expects PORT");
});

const placed = (folder: string) => resolve(cwd, folder);

test("folders of a module are absolute", () => {
  expect(preopensOf(["/data=./data", "app"], placed)).toEqual({ "/data": join(cwd, "data"), app: join(cwd, "app") });
  expect(() => preopensOf(["=x"], placed)).toThrow("GUEST=HOST");
});
