import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileGuest } from "./guests/compile.ts";
import { HostUnderTest, until } from "./run-host.ts";

describe("a WASI command", () => {
  const run = (args: string[], env: Record<string, string> = {}) =>
    new HostUnderTest(compileGuest("system"), { kind: "wasm", args, env });
  const printed = async (args: string[]) => {
    await using host = run(args);
    expect(await host.exited()).toBe(0);
    return host.stdout;
  };

  test("is ready, without a port, and its exit code is the process's", async () => {
    await using host = run(["exit", "7"]);
    expect(await host.exited()).toBe(7);
    expect(await host.message("ready")).toMatchObject({ shape: "wasm", port: null });
    expect(host.stderr).toBe("leaving\n");
  });

  test("gets its name, arguments of any script, and its environment without the host's secrets", async () => {
    await using host = run(["args", "größe", "日本"], { COLOR: "red" });
    expect(await host.exited()).toBe(0);
    expect(host.stdout).toBe("[api][args][größe][日本] red no key\n");
  });

  test("has an empty standard input, clocks, sleep, poll and random numbers", async () => {
    expect(await printed(["input"])).toBe("1\n");
    expect(await printed(["sleep"])).toBe("1 1\n");
    expect(await printed(["poll"])).toBe("1\n");
    expect(await printed(["random"])).toBe("1\n");
  });

  test("shows each line when it is written, and ends on SIGTERM", async () => {
    await using host = run(["wait"]);
    await until(
      () => host.stdout === "line one\n" && host.stderr === "and an error\n",
      () => "both lines",
    );
    host.signal("SIGTERM");
    expect(await host.exited()).toBeNull();
  });

  test("that traps ends with 134 and its reason, and keeps what it wrote", async () => {
    await using host = run(["trap"]);
    expect(await host.exited()).toBe(134);
    expect(host.stdout).toBe("before\n");
    expect(host.stderr).toContain("RuntimeError");
  });

  test("fails to start without its preopened folder, which is named", async () => {
    await using host = run(["args"], { SOLO_PREOPENS: '{"/data":"/nonexistent/folder"}' });
    expect((await host.message("failed")).message).toContain("/nonexistent/folder");
    expect(await host.exited()).toBe(70);
  });

  test("runs the example", async () => {
    await using host = new HostUnderTest("examples/wasm/primes.wasm", {
      kind: "wasm",
      args: ["10"],
      cwd: process.cwd(),
    });
    expect(await host.exited()).toBe(0);
    expect(host.stdout).toBe("2\n3\n5\n7\n4 primes up to 10\n");
  });
});

describe("a preopened folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "solo-preopen-"));
  const inside = join(folder, "inside");
  const outside = join(folder, "outside");

  const operate = async (...args: string[]) => {
    const env = { SOLO_PREOPENS: JSON.stringify({ "/data": inside }) };
    await using host = new HostUnderTest(compileGuest("files"), { kind: "wasm", args, env });
    expect(await host.exited()).toBe(0);
    return host.stdout.trim().split("\n");
  };

  beforeAll(() => {
    mkdirSync(inside);
    mkdirSync(outside);
    writeFileSync(join(outside, "secret"), "secret");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("is read, written, appended to and edited, and the host sees it", async () => {
    expect(
      await operate(
        ...["put", "/data/a", "0123456789", "cat", "/data/a", "append", "/data/a", "AB", "cat", "/data/a"],
        ...["edit", "/data/a", "cat", "/data/a", "new", "/data/a", "x", "stat", "/data/a", "cat", "/data/none"],
      ),
    ).toEqual([
      "write: ok",
      "read: 0123456789",
      "write: ok",
      "read: 0123456789AB",
      "edit: at 9, end 9AB, start 01X, size 5",
      "read: 01XY4",
      "write: File exists",
      "stat: file 5",
      "read: No such file or directory",
    ]);
    expect(readFileSync(join(inside, "a"), "utf8")).toBe("01XY4");
  });

  test("is there for the secrets too, under the name that it has on the host", async () => {
    const env = { SOLO_SECRETS_DIR: outside };
    const args = ["cat", join(outside, "secret"), "cat", join(inside, "a")];
    await using host = new HostUnderTest(compileGuest("files"), { kind: "wasm", args, env });
    expect(await host.exited()).toBe(0);
    expect(host.stdout.trim().split("\n").slice(0, 1)).toEqual(["read: secret"]);
    expect(host.stdout).not.toContain("01X");
  });

  test("has folders that are made, listed, renamed and removed", async () => {
    expect(
      await operate(
        ...["mkdir", "/data/d", "mkdir", "/data/d/e", "put", "/data/d/f", "1", "list", "/data/d"],
        ...["rename", "/data/d/f", "/data/d/e/g", "list", "/data/d/e", "rmdir", "/data/d", "unlink", "/data/d/e/g"],
        ...["rmdir", "/data/d/e/", "rmdir", "/data/d", "stat", "/data/d", "list", "/data/none"],
      ),
    ).toEqual([
      ...["mkdir: ok", "mkdir: ok", "write: ok", "list: 2 e/ f", "rename: ok", "list: 1 g"],
      ...["rmdir: Directory not empty", "unlink: ok", "rmdir: ok", "rmdir: ok"],
      ...["stat: No such file or directory", "list: No such file or directory"],
    ]);
  });

  test("lists a thousand entries, each once, and reuses descriptors", async () => {
    mkdirSync(join(inside, "many"));
    for (let index = 0; index < 1_000; index++) writeFileSync(join(inside, "many", `file-${index}`), "");
    const [list, churn] = await operate("list", "/data/many", "churn", "/data/many/file-1");
    expect(list).toStartWith("list: 1000 file-0 file-1 file-10 ");
    expect(churn).toBe("churn: ok");
  });

  test("follows links within it, and makes them", async () => {
    expect(
      await operate(
        ...[
          "put",
          "/data/target",
          "goal",
          "symlink",
          "target",
          "/data/link",
          "cat",
          "/data/link",
          "lstat",
          "/data/link",
        ],
        ...["stat", "/data/link", "link", "/data/target", "/data/hard", "cat", "/data/hard", "unlink", "/data/link"],
        ...["cat", "/data/target", "symlink", "loop", "/data/loop", "cat", "/data/loop"],
      ),
    ).toEqual([
      ...["write: ok", "symlink: ok", "read: goal", "stat: link 6", "stat: file 4", "link: ok", "read: goal"],
      ...["unlink: ok", "read: goal", "symlink: ok", "read: Symbolic link loop"],
    ]);
  });

  test("is not left by .., absolute paths or links", async () => {
    symlinkSync(outside, join(inside, "absolute"));
    symlinkSync("../outside", join(inside, "relative"));
    symlinkSync("../outside/secret", join(inside, "file"));
    symlinkSync("../outside/fresh", join(inside, "dangling"));
    mkdirSync(join(inside, "sub"), { recursive: true });
    symlinkSync("../../outside", join(inside, "sub", "up"));
    const escapes = ["/data/../outside/secret", "/data/sub/../../outside/secret", "/data/absolute/secret"];
    const links = ["/data/relative/secret", "/data/file", "/data/sub/up/secret", "/etc/passwd"];
    for (const line of await operate(...[...escapes, ...links].flatMap((path) => ["cat", path]))) {
      expect(line).toMatch(/^read: (Capabilities insufficient|No such file or directory)$/);
    }
    await operate("put", "/data/dangling", "x", "put", "/data/relative/new", "x", "mkdir", "/data/absolute/dir");
    await operate("unlink", "/data/absolute/secret", "rename", "/data/sub", "/data/relative/sub");
    await operate("rename", "/data/relative/secret", "/data/stolen", "link", "/data/file", "/data/hardlink");
    expect(await operate("symlink", "/etc/passwd", "/data/passwd")).toEqual(["symlink: Capabilities insufficient"]);
    expect(readFileSync(join(outside, "secret"), "utf8")).toBe("secret");
    expect(["fresh", "new", "dir", "sub"].filter((name) => existsSync(join(outside, name)))).toEqual([]);
    expect(existsSync(join(inside, "stolen"))).toBe(false);
  });
});
