import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ConfinedOrder,
  ConfineError,
  denyFilter,
  isRunning,
  landlockSupport,
  namespacesHere,
  Ruleset,
  readStat,
  spawnConfined,
  takeExit,
} from "../../../src/system/index.ts";
import { waitFor } from "../../support/index.ts";

const programs = ["/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/proc"];

/** Runs a program of the shell, confined, and answers with how it ended and what it wrote. */
async function runConfined(
  script: string,
  { allow = () => {}, ...order }: Partial<ConfinedOrder> & { allow?: (ruleset: Ruleset) => void } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), "solo-confine-"));
  const output = join(folder, "output");
  const [input, out] = [openSync("/dev/null", "r"), openSync(output, "w")];
  const ruleset = new Ruleset({ connect: true, listen: true });
  for (const path of programs) ruleset.allowPath(path, { read: true, execute: true });
  ruleset.allowPath("/dev/null", { read: true, write: true });
  allow(ruleset);
  try {
    const pid = spawnConfined({
      path: "/bin/sh",
      args: ["sh", "-c", script],
      env: { PATH: "/usr/bin:/bin" },
      cwd: "/",
      stdin: input,
      stdout: out,
      stderr: out,
      ruleset,
      filter: denyFilter(),
      limits: [],
      dropCapabilities: [],
      ...order,
    });
    await waitFor(() => !isRunning(readStat(pid)), { what: `the end of ${pid}` });
    return { exit: takeExit(pid), text: readFileSync(output, "utf8") };
  } finally {
    for (const fd of [input, out]) closeSync(fd);
    ruleset.close();
    rmSync(folder, { recursive: true });
  }
}

describe("a confined program", () => {
  test("ends with a status that is read once", async () => {
    expect((await runConfined("exit 7")).exit).toEqual({ exit_code: 7, signal: null });
    expect((await runConfined("kill -9 $$")).exit).toEqual({ exit_code: null, signal: "SIGKILL" });
    expect(takeExit(process.pid)).toBe("unknown");
  });

  test("reads, writes and executes only what the rules name", async () => {
    const folder = mkdtempSync(join(tmpdir(), "solo-confine-"));
    writeFileSync(join(folder, "given"), "given text\n");
    const { text } = await runConfined(
      `cat ${folder}/given; echo more > ${folder}/new && cat ${folder}/new; cat /etc/passwd; echo x > /tmp/solo-escape`,
      { allow: (ruleset) => ruleset.allowPath(folder, { read: true, write: true }) },
    );
    rmSync(folder, { recursive: true });
    expect(text).toStartWith("given text\nmore\n");
    expect(text).toMatch(/cat: \/etc\/passwd: Permission denied/);
    expect(text).toMatch(/solo-escape: Permission denied/);
  });

  test("has no descriptor but its three, no ignored signal, no way to more privileges", async () => {
    const held = openSync("/etc/hostname", "r");
    const { text } = await runConfined(
      "for fd in 0 1 2 3 4 5 6 7 8 9 10 11 12; do [ -e /proc/$$/fd/$fd ] && printf '%s ' $fd; done; exec grep -E 'NoNewPrivs|SigIgn|SigBlk|Seccomp:' /proc/self/status",
    );
    closeSync(held);
    expect(text.replaceAll("\t", " ")).toBe(
      "0 1 2 SigBlk: 0000000000000000\nSigIgn: 0000000000000000\nNoNewPrivs: 1\nSeccomp: 2\n",
    );
  });

  test("is held to its resource limits", async () => {
    const limits = [
      { resource: "open_files", value: 20 },
      { resource: "core", value: 0 },
      { resource: "file_size", value: 8_192 },
    ] as const;
    const script =
      "ulimit -n; ulimit -c; ulimit -f; ulimit -n 15; ulimit -n; prlimit --pid 1 --core > /dev/null && echo read";
    expect((await runConfined(script, { limits })).text).toBe("20\n0\n16\n15\nread\n");
  });

  test("connects to no port that is not allowed", async () => {
    expect(landlockSupport().tcp).toBe(true);
    const server = createServer((socket) => socket.end("hello")).listen(0, "127.0.0.1");
    const address = await waitFor(() => server.address(), { what: "the server" });
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const script = `python3 -S -c 'import socket; print(socket.create_connection(("127.0.0.1", ${port})).recv(5))'`;
    const path = { env: { PATH: "/usr/bin:/bin" } };
    expect((await runConfined(script, path)).text).toContain("Permission denied");
    const allow = (ruleset: Ruleset) => ruleset.allowPort(port, { connect: true });
    expect((await runConfined(script, { ...path, allow })).text).toContain("hello");
    server.close();
  });

  test("has no tracing, no namespaces, no mounts", async () => {
    const { text } = await runConfined("unshare -r true; mount -t tmpfs none /mnt; echo $?");
    expect(text).toMatch(/unshare.*Operation not permitted/);
    expect(text).not.toEndWith("0\n");
  });
});

const program = join(import.meta.dir, "fixtures/in-namespaces.ts");
const asNobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
const nobodyMayRun = Bun.spawnSync([...asNobody, process.execPath, "--version"]).exitCode === 0;

test("in namespaces of its own a program sees only its own processes", () => {
  if (!namespacesHere()) return;
  const { stdout } = Bun.spawnSync([process.execPath, program]);
  const { exit, lines } = JSON.parse(stdout.toString());
  expect(exit).toEqual({ exit_code: 3, signal: null });
  expect(lines.slice(0, 3)).toEqual(["2", "4", String(process.getuid?.())]);
});

// Root needs no user namespace, in which everybody has all capabilities until a program is executed.
test("somebody who is not root gets them too, and no capability", () => {
  if (!nobodyMayRun || !namespacesHere()) return;
  const { stdout } = Bun.spawnSync([...asNobody, process.execPath, program], { env: { TMPDIR: "/tmp" } });
  const { lines } = JSON.parse(stdout.toString());
  expect(lines.slice(0, 4)).toEqual(["2", "4", "65534", "0000000000000000"]);
});

// Only root can make such a program, and become somebody else to run it.
test("a program with root's setuid bit stays its caller's", async () => {
  if (process.getuid?.() !== 0) return;
  const folder = mkdtempSync(join(tmpdir(), "solo-setuid-"));
  const program = join(folder, "id");
  copyFileSync("/usr/bin/id", program);
  for (const path of [folder, program]) chmodSync(path, 0o4755);
  const somebody = ["--reuid", "65534", "--regid", "65534", "--clear-groups", program, "-u"];
  const allow = (ruleset: Ruleset) => ruleset.allowPath(folder, { read: true, execute: true });
  const { text } = await runConfined(`exec setpriv ${somebody.join(" ")}`, { allow });
  const { stdout } = Bun.spawnSync(["setpriv", ...somebody]);
  rmSync(folder, { recursive: true });
  expect(text).toBe("65534\n");
  // What it would be otherwise, unless this file system has no such bit.
  expect(["0\n", "65534\n"]).toContain(stdout.toString());
});

test("what can't be executed is told with the step that failed, and leaves no process", () => {
  const missing = join(tmpdir(), `missing-${crypto.randomUUID()}`);
  const failing = (order: Partial<ConfinedOrder>) => {
    const input = openSync("/dev/null", "r+");
    try {
      spawnConfined({
        path: "/bin/true",
        args: ["true"],
        env: {},
        cwd: "/",
        stdin: input,
        stdout: input,
        stderr: input,
        ruleset: undefined,
        filter: undefined,
        limits: [],
        dropCapabilities: [],
        ...order,
      });
    } catch (error) {
      return error instanceof ConfineError ? { step: error.step, code: error.system.code } : error;
    } finally {
      closeSync(input);
    }
    return undefined;
  };
  expect(failing({ path: join(missing, "program") })).toEqual({ step: "execute", code: "ENOENT" });
  expect(failing({ cwd: missing })).toEqual({ step: "working directory", code: "ENOENT" });
  expect(failing({ stdin: 9_999 })).toEqual({ step: "descriptors", code: "EBADF" });
});
