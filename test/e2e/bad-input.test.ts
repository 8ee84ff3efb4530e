import { describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, type SoloEnv, soloBinary, soloEnv, startRedis } from "../support/index.ts";
import { changesNothing, refused } from "./refused.ts";

/** What a user can get wrong: each mistake has its code, exit code and hint, and leaves everything as it was. */

const answering = `export default { fetch: () => new Response("ok") };`;

/** Deploys one service that runs, so that "nothing changed" means something. */
async function deployOk(env: SoloEnv): Promise<void> {
  (await env.run(["deploy", env.write("ok.ts", answering)])).expect();
}

describe("a source that", () => {
  test("does not exist is told before a daemon is started", async () => {
    await using env = soloEnv();
    const { message } = await refused(env, ["deploy", "nothing.ts"], { code: "file_not_found", exit: 2 });
    expect(message).toContain("nothing.ts");
    expect((await env.run(["health"])).code).toBe(7);
  });

  test("has a syntax error is shown with file, line, column and the code around it", async () => {
    await using env = soloEnv();
    await deployOk(env);
    const path = env.write("syntax.ts", `export default {\n  fetch() { return new Response("x" }\n};\n`);
    const { message, details } = await changesNothing(env, () =>
      refused(env, ["deploy", path], { code: "invalid_source", exit: 2 }),
    );
    expect(message).toStartWith(`${path}:2:37: `);
    expect(message).toContain(`2 |   fetch() { return new Response("x" }\n                                        ^`);
    expect(details).toMatchObject({ file: path, line: 2, column: 37 });
  });

  test("imports what is not there is told with the way to get it", async () => {
    await using env = soloEnv();
    await deployOk(env);
    const path = env.write(
      "importing.ts",
      `import x from "./nowhere.ts";\nexport default { fetch: () => new Response(x) };\n`,
    );
    const missingFile = await changesNothing(env, () =>
      refused(env, ["deploy", path], { code: "invalid_source", exit: 2 }),
    );
    expect(missingFile.message).toStartWith(`${path}:1:15: `);
    expect(missingFile.hint).toContain(join(env.root, "nowhere.ts"));
    const other = env.write("packaged.ts", `import { z } from "no-such-package-here";\nconsole.log(z);\n`);
    const missingPackage = await refused(env, ["deploy", other], { code: "invalid_source", exit: 2 });
    expect(missingPackage.hint).toContain("no-such-package-here");
  });

  test("throws while it is imported has not started, and is not tried again", async () => {
    await using env = soloEnv();
    await deployOk(env);
    const path = env.write("thrower.ts", `const wanted: number = 1;\nthrow new Error("no database " + wanted);\n`);
    const { message, details } = await refused(env, ["deploy", path], { code: "start_failed", exit: 1 });
    expect(message).toContain("no database 1");
    expect(details?.frame).toContain(`2 | throw new Error("no database " + wanted);`);
    expect(details?.logs).toContain("error: no database 1");
    const status = (await env.run(["status", "thrower", "--json"])).expect().json();
    expect(status).toMatchObject({ state: "failed", ready: 0, restarts: 0, instances: [] });
    expect(await (await env.fetch("ok")).text()).toBe("ok");
  });

  test("is a folder without a program, a FIFO, a device or a socket is refused", async () => {
    await using env = soloEnv();
    await deployOk(env);
    mkdirSync(join(env.root, "empty"));
    expect(Bun.spawnSync(["mkfifo", join(env.root, "pipe.ts")]).exitCode).toBe(0);
    const socket = Bun.listen({ unix: join(env.root, "socket.ts"), socket: { data() {} } });
    await changesNothing(env, async () => {
      await refused(env, ["deploy", "./empty"], { code: "file_not_found", exit: 2 });
      await refused(env, ["deploy", "pipe.ts"], { code: "invalid_source", exit: 2 });
      await refused(env, ["deploy", "socket.ts"], { code: "invalid_source", exit: 2 });
      await refused(env, ["deploy", "/dev/zero", "--kind", "source"], { code: "invalid_source", exit: 2 });
      await refused(env, ["deploy", "/dev/zero", "--kind", "wasm"], { code: "invalid_wasm", exit: 2 });
    });
    socket.stop(true);
  });

  test("is huge is deployed all the same", async () => {
    await using env = soloEnv();
    const rows = Array.from({ length: 200_000 }, (_, row) => `"row ${row} of a table that some program wrote",`);
    const path = env.write(
      "huge.ts",
      `const rows = [\n${rows.join("\n")}\n];\n${answering.replace(`"ok"`, "rows.length")}`,
    );
    (await env.run(["deploy", path])).expect();
    expect(await (await env.fetch("huge")).text()).toBe("200000");
  });
});

describe("a program that", () => {
  test.each([
    ["may not be executed", "plain", "echo hi\n", 0o644, "chmod +x"],
    ["needs an interpreter that is not there", "orphan", "#!/no/such/interpreter\n", 0o755, "first line"],
  ])("%s is refused", async (_, name, content, mode, hint) => {
    await using env = soloEnv();
    await deployOk(env);
    const path = env.write(name, content, mode);
    const error = await changesNothing(env, () => refused(env, ["deploy", path], { code: "not_executable", exit: 2 }));
    expect(error.message).toContain(path);
    expect(error.hint).toContain(hint);
  });

  test("is a folder or a FIFO is refused", async () => {
    await using env = soloEnv();
    await deployOk(env);
    mkdirSync(join(env.root, "folder"));
    expect(Bun.spawnSync(["mkfifo", "-m", "755", join(env.root, "pipe")]).exitCode).toBe(0);
    await changesNothing(env, async () => {
      await refused(env, ["deploy", "./folder", "--kind", "command"], { code: "not_executable", exit: 2 });
      await refused(env, ["deploy", "./pipe"], { code: "not_executable", exit: 2 });
    });
  });

  test("is not in the kernel's PATH is refused", async () => {
    await using env = soloEnv();
    await deployOk(env);
    await changesNothing(env, () => refused(env, ["deploy", "no-such-program"], { code: "file_not_found", exit: 2 }));
  });
});

test.each([
  ["empty", ""],
  ["something else", "this is no module"],
  ["cut short", "\0asm\x01\0\0\0\x01\x05\x60"],
])("a wasm module that is %s is refused", async (_, content) => {
  await using env = soloEnv();
  await deployOk(env);
  const path = env.write("module.wasm", content);
  const { message } = await changesNothing(env, () =>
    refused(env, ["deploy", path], { code: "invalid_wasm", exit: 2 }),
  );
  expect(message).toContain(path);
});

describe("names", () => {
  const bad = ["a/b", "..", "a.b", "ünï", "a b", "", "x".repeat(65)];
  const commands = (name: string) => [
    ["deploy", "ok.ts", name],
    ["status", name],
    ["kill", name],
    ["restart", name],
    ["scale", name, "2"],
    ["logs", name],
    ["events", name],
    ["kill", "--service-id", name],
  ];

  test("of a form that no service can have are refused by every command, whether a kernel runs or not", async () => {
    await using env = soloEnv();
    env.write("ok.ts", answering);
    for (const args of commands("a/b")) await refused(env, args, { code: "invalid_name", exit: 2 });
    (await env.run(["deploy", "ok.ts"])).expect();
    await changesNothing(env, async () => {
      for (const args of commands("a/b")) await refused(env, args, { code: "invalid_name", exit: 2 });
      for (const name of bad) await refused(env, ["deploy", "ok.ts", name], { code: "invalid_name", exit: 2 });
    });
  });

  test("of tenants are checked in the same way", async () => {
    await using env = soloEnv();
    for (const tenant of bad) expect((await env.run(["list", "--tenant", tenant])).code).toBe(2);
  });

  test("of 64 characters are accepted, and one that nobody has is not found", async () => {
    await using env = soloEnv();
    await deployOk(env);
    const { hint } = await refused(env, ["status", "x".repeat(64)], { code: "not_found", exit: 5 });
    expect(hint).toContain("ok");
  });
});

describe("a project file that", () => {
  test.each([
    ["has an unknown key", `[service.a]\nsource = "ok.ts"\nreplcas = 2\n`, ":3:1: ", "replicas"],
    ["is no TOML", `[service.a]\nsource = "ok.ts\nreplicas = 2\n`, ":2:", "every key"],
    ["has a value of a wrong kind", `[service.a]\nsource = "ok.ts"\nreplicas = "two"\n`, ":3:", null],
    ["declares nothing", "", "", "[service.web]"],
  ])("%s is refused with its place", async (_, content, place, hint) => {
    await using env = soloEnv();
    await deployOk(env);
    env.write("project.toml", content);
    const result = await changesNothing(env, () => env.run(["deploy", "--file", "project.toml", "--json"]));
    expect(result.expect(2).json()).toMatchObject({ error: { code: "invalid_config", applied: "no" } });
    expect(result.stdout).toContain(`project.toml${place}`);
    if (hint !== null) expect(result.stdout).toContain(hint);
  });

  test("names one good and one broken service deploys neither", async () => {
    await using env = soloEnv();
    await deployOk(env);
    env.write("broken.ts", "export default {");
    env.write("project.toml", `[service.good]\nsource = "ok.ts"\n[service.broken]\nsource = "broken.ts"\n`);
    const error = await changesNothing(env, () =>
      refused(env, ["deploy", "--file", "project.toml"], { code: "invalid_source", exit: 2 }),
    );
    expect(error.applied).toBe("no");
  });
});

describe("a port in use", () => {
  test("by another program keeps the ingress, and with it the kernel, from starting", async () => {
    await using env = soloEnv();
    await using server = await startRedis();
    const variables = { SOLO_INGRESS_PORT: String(server.port) };
    env.write("ok.ts", answering);
    const expected = { code: "port_in_use", exit: 6 };
    const { message, hint } = await refused(env, ["deploy", "ok.ts"], expected, { env: variables });
    expect(message).toContain(String(server.port));
    expect(hint).toContain(`sport = :${server.port}`);
    await refused(env, ["start"], expected, { env: variables });
    await refused(env, ["start", "--foreground"], expected, { env: variables });
    expect((await env.run(["list", "--json"])).expect().json()).toEqual({ services: [] });
    (await env.run(["deploy", "ok.ts"])).expect();
  });

  test("by another program is not taken for the service's own", async () => {
    await using env = soloEnv();
    await deployOk(env);
    await using server = await startRedis();
    const port = String(server.port);
    await changesNothing(env, async () => {
      const deploy = ["deploy", "/usr/bin/redis-server", "cache", "--port", port, "--health-tcp", "0"];
      await refused(env, [...deploy, "--", "--port", port], { code: "port_in_use", exit: 6 });
      const { message } = await refused(env, ["deploy", "ok.ts", "fixed", "--port", port], {
        code: "port_in_use",
        exit: 6,
      });
      expect(message).toContain(port);
    });
  });

  test("by the service itself is no obstacle to its next revision", async () => {
    await using env = soloEnv();
    const port = String(freePort());
    env.write("fixed.ts", answering);
    (await env.run(["deploy", "fixed.ts", "--port", port])).expect();
    env.write("fixed.ts", answering.replace("ok", "second"));
    (await env.run(["deploy", "fixed.ts", "--port", port])).expect();
    expect(await (await env.fetch("fixed")).text()).toBe("second");
  });
});

describe("a data directory that", () => {
  test("is a file is refused by reads and changes alike", async () => {
    await using env = soloEnv();
    const file = env.write("file", "");
    env.write("ok.ts", answering);
    for (const args of [["deploy", "ok.ts"], ["start"], ["list"]]) {
      const { message } = await refused(env, [...args, "--data-dir", file], { code: "io_error", exit: 1 });
      expect(message).toContain(file);
    }
  });

  test("has a path too long for sockets works", async () => {
    await using env = soloEnv();
    const long = ["--data-dir", join(env.root, ...Array.from({ length: 5 }, () => "a-rather-long-name-of-a-folder"))];
    env.write("ok.ts", answering);
    (await env.run(["deploy", "ok.ts", ...long])).expect();
    expect(await (await env.fetch("ok")).text()).toBe("ok");
    expect((await env.run(["list", "--json", ...long])).expect().stdout).toContain(`"ready":1`);
    (await env.run(["stop", ...long])).expect();
  });

  test("has a path longer than the system takes is refused", async () => {
    await using env = soloEnv();
    env.write("ok.ts", answering);
    const folder = join(env.root, "x".repeat(300));
    await refused(env, ["deploy", "ok.ts", "--data-dir", folder], { code: "io_error", exit: 1 });
  });

  test("can't be written is refused", async () => {
    await using env = soloEnv();
    env.write("ok.ts", answering);
    // Root may write to any folder with whatever mode, but not here.
    const folder = process.getuid?.() === 0 ? "/proc/solo" : join(env.root, "closed");
    if (folder !== "/proc/solo") mkdirSync(folder, { mode: 0o500 });
    await refused(env, ["deploy", "ok.ts", "--data-dir", folder], { code: "io_error", exit: 1 });
  });

  test("holds a socket, lock files and pids that mean nothing any more works", async () => {
    await using env = soloEnv();
    await deployOk(env);
    (await env.run(["stop"])).expect();
    for (const name of ["solo.lock", "solo.sock", "control.sock", "run/start.lock"]) {
      writeFileSync(join(env.dataDir, name), "1\n");
      chmodSync(join(env.dataDir, name), 0o600);
    }
    expect((await env.run(["list"])).code).toBe(0);
    (await env.run(["start"])).expect();
    expect(await (await env.fetch("ok")).text()).toBe("ok");
  });

  test("has a kernel admits no second one", async () => {
    await using env = soloEnv();
    await deployOk(env);
    await changesNothing(env, async () => {
      const { message } = await refused(env, ["start", "--foreground"], { code: "locked", exit: 6 });
      expect(message).toContain(env.dataDir);
    });
    expect(await (await env.fetch("ok")).text()).toBe("ok");
  });
});

describe("a command line that makes no sense is answered with", () => {
  test.each([
    [["deploy", ""], "usage", 2, "PATH is empty"],
    [["run", ""], "usage", 2, "PATH is empty"],
    [["init", ""], "usage", 2, "FOLDER is empty"],
    [["init", "/proc/nowhere"], "io_error", 1, "/proc/nowhere: can't be made"],
    [["deploy", "solo.toml"], "usage", 2, "solo.toml is no program"],
    [["run", "./solo.json"], "usage", 2, "./solo.json is no program"],
    [["deploy", "sh", "--env", "PORT=80"], "usage", 2, "--env PORT: Solo sets PORT itself"],
    [["deploy", "sh", "--data-dir", "/tmp/solo-what?"], "invalid_config", 2, "/tmp/solo-what?: a data directory"],
    [["run", "sh", "--data-dir", "/tmp/solo-what?"], "invalid_config", 2, "/tmp/solo-what?: a data directory"],
    [["logs", "web", "--tail", "-5"], "usage", 2, '--tail: expected an integer greater than or equal to 0, got "-5"'],
    [["deploy", "web.ts", "--replicas", "many"], "usage", 2, '--replicas: expected an integer, got "many"'],
  ])("%p", async (args, code, exit, words) => {
    await using env = soloEnv();
    const { message } = await refused(env, args, { code, exit });
    expect(message).toStartWith(words);
  });

  test("the help of the command that was meant, and a hint that fits", async () => {
    await using env = soloEnv();
    const usage = { code: "usage", exit: 2 };
    expect((await refused(env, ["config", "explain"], usage)).hint).toContain("`solo config explain --help`");
    expect((await refused(env, ["log", "inspect"], usage)).hint).toContain("`solo log inspect --help`");
    expect((await refused(env, ["list", "extra"], usage)).hint).toContain("`solo list --help`");
    env.write("web.ts", answering);
    const { hint } = await refused(env, ["deploy", "web.ts", "a b"], { code: "invalid_name", exit: 2 });
    expect(hint).toBe("choose another name");
  });
});

test("a kernel that may open no more files says so, and what runs runs on", async () => {
  await using env = soloEnv();
  const path = env.write("ok.ts", answering);
  const start = Bun.spawnSync(["sh", "-c", `ulimit -n 40; exec "$0" start`, soloBinary()], { env: { ...env.env } });
  expect(start.exitCode).toBe(0);
  const names = Array.from({ length: 12 }, (_, index) => `ok-${index}`);
  let failed: string | undefined;
  for (const name of names) {
    if ((await env.run(["deploy", path, name])).code === 0) continue;
    failed = name;
    break;
  }
  const error = await refused(env, ["deploy", path, failed ?? ""], { code: "limit_exceeded", exit: 12 });
  expect(error.hint).toContain("ulimit -n");
  expect((await env.fetch("ok-0")).status).toBe(200);
});

test("a kernel whose program was removed says how to go on with another one", async () => {
  await using env = soloEnv();
  const path = env.write("ok.ts", answering);
  const former = join(env.root, "former-solo");
  copyFileSync(soloBinary(), former);
  expect(Bun.spawnSync([former, "start"], { env: { ...env.env } }).exitCode).toBe(0);
  (await env.run(["deploy", path, "before"])).expect();
  rmSync(former);
  expect((await refused(env, ["deploy", path], { code: "start_failed", exit: 1 })).hint).toContain("--keep-services");
  (await env.run(["stop", "--keep-services"])).expect();
  (await env.run(["start"])).expect();
  (await env.run(["deploy", path])).expect();
  expect((await env.fetch("before")).status).toBe(200);
});
