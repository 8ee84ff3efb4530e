import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { z } from "zod";
import { deployResultSchema, type ServiceSpecInput, sandboxDocumentSchema } from "../../src/api/index.ts";
import { Daemon, failure } from "../support/daemon.ts";
import { freePorts } from "../support/index.ts";
import { waitFor } from "../support/wait-for.ts";

/** Hostile services: what each attempts is refused to it, whether it is a program or a module of the host. */

const sdk = join(import.meta.dir, "../../sdk/python");
const maxFiles = 200;
const maxFileBytes = 1_000_000;
type Attempts = Readonly<Record<string, readonly [kind: string, ...words: (string | number | boolean)[]]>>;

/** In the abstract namespace, which has no files and no modes (unix(7)). */
const abstractName = `solo-test-${process.pid}`;
const abstractServer = Bun.listen({ unix: `\0${abstractName}`, socket: { data() {} } });

let solo: Daemon;
let victim: number;
const server = createServer((socket) => socket.end("hello"));
const forbiddenServer = createServer((socket) => socket.end("hello"));
const [served = 0, forbidden = 0, mayListen = 0, mayNotListen = 0] = freePorts(4);

beforeAll(async () => {
  solo = await Daemon.start();
  await new Promise<void>((resolve) => server.listen(served, "127.0.0.1", resolve));
  await new Promise<void>((resolve) => forbiddenServer.listen(forbidden, "127.0.0.1", resolve));
  solo.env.write("victim/secret.txt", "a secret of another service");
  const [result] = await solo.deploy({
    victim: {
      ...solo.module("victim/victim.ts", "console.log(`told nobody else`); setInterval(() => {}, 60_000);", {
        env: { TOKEN: "a secret in the environment" },
      }),
      sandbox: {},
    },
  });
  victim = result?.instances[0]?.pid ?? 0;
  solo.env.write("data/files/default/victim/kept.txt", "what a service keeps");
});

afterAll(async () => {
  server.close();
  forbiddenServer.close();
  abstractServer.stop(true);
  await solo[Symbol.asyncDispose]();
});

/** What must be refused, to any kind. */
async function attacks(): Promise<Attempts> {
  const { dataDir, root } = solo.env;
  const kernel = await solo.kernel();
  return {
    "the passwords": ["read", "/etc/shadow"],
    "the passwords, by a child": ["child", "/etc/shadow"],
    "a folder of another service": ["read", join(root, "victim/secret.txt")],
    "the temporary folder of another service": ["write", join(temporaryOf("victim"), "planted")],
    "the kernel's database": ["read", join(dataDir, "kernel.db")],
    "the database through a link": ["through_link", join(dataDir, "kernel.db")],
    "the database through a hard link": ["hard_link", join(dataDir, "kernel.db")],
    "the database by ..": ["read", "$TMPDIR/../../../kernel.db"],
    "the key of the kernel's socket": ["read", join(dataDir, "solo.sock.key")],
    "the kernel's socket": ["ask_kernel", join(dataDir, "solo.sock")],
    "another service's log": ["read", logOf("victim")],
    "another service's own files": ["read", join(dataDir, "files/default/victim/kept.txt")],
    "the token of another service": ["read", tokenOf(victim)],
    "a file beside its own": ["write", join(root, "hostile/planted")],
    "a file in /tmp": ["write", "/tmp/solo-hostile"],
    "a file of the system": ["write", "/usr/lib/solo-hostile"],
    "a port that is not allowed": ["connect", forbidden],
    "listening on a port that is not allowed": ["listen", mayNotListen],
    "a signal to the kernel": ["tell", kernel],
    "a signal to the guardian": ["tell", await solo.guardian()],
    "a signal to another service": ["tell", victim],
    "another service's environment": ["read", `/proc/${victim}/environ`],
    "another service's memory": ["read", `/proc/${victim}/mem`],
    "another service's folder by /proc": ["read", `/proc/${victim}/cwd/secret.txt`],
    "the kernel's environment": ["read", `/proc/${kernel}/environ`],
    "all root's files by /proc": ["read", "/proc/1/root/etc/shadow"],
    "more privileges": ["became_root", 0],
    "more descriptors than allowed": ["descriptors", maxFiles],
    "a larger file than allowed": ["fill", maxFileBytes],
  };
}

/** Ways around the rules that only a program with the C library at hand can try. */
async function tricks(): Promise<Attempts> {
  return {
    "a port by MPTCP": ["connect", forbidden, 262],
    "a port by TCP fast open": ["connect", forbidden, 0, true],
    tracing: ["trace", victim],
    "a user namespace": ["namespaces", 0x1000_0000],
    "a mount namespace": ["namespaces", 0x2_0000],
    "emptying a file that it may read": ["truncate", join(solo.env.root, "hostile/own.txt")],
    "other programs' packets": ["packets", 0],
    "an abstract socket of another program": ["abstract", abstractName],
    "the clock": ["set_clock", 0],
    "another root folder": ["change_root", "/"],
    io_uring: ["numbered", 425],
    "a detached mount": ["numbered", 428],
    "a mount": ["numbered", 165, 40],
    "another root by pivot_root": ["numbered", 155, 41],
    userfaultfd: ["numbered", 323, 282],
    "the keys of the kernel": ["numbered", 250, 219],
    bpf: ["numbered", 321, 280],
    "performance events": ["numbered", 298, 241],
    kexec: ["numbered", 246, 104],
    "a kernel module": ["numbered", 175, 105],
    "the memory of others": ["numbered", 310, 270],
    "a descriptor of others": ["numbered", 438],
    "the machine's own log": ["numbered", 103, 116],
    "a raw socket": ["open_socket", 2, 3, 1],
    "a raw socket of IPv6": ["open_socket", 10, 3, 58],
    SCTP: ["open_socket", 2, 1, 132],
    DCCP: ["open_socket", 2, 6, 33],
    "SMC by IPv4": ["open_socket", 2, 1, 256],
    "SMC by its family": ["open_socket", 43, 1],
    "the machine's host": ["open_socket", 40, 1],
    "the kernel's ciphers": ["open_socket", 38, 5],
    Bluetooth: ["open_socket", 31, 3, 1],
    "sockets of others": ["open_socket", 16, 3, 4],
    "the machine's audit log": ["open_socket", 16, 3, 9],
    "the machine's devices": ["open_socket", 16, 3, 15],
    "resource limits of the kernel": ["limit_of", await solo.kernel()],
    "resource limits of another service": ["limit_of", victim],
    "the priority of all the user's processes": ["slow_down", 2],
  };
}

/** What must go on working. */
function rights(): Attempts {
  return {
    "its own file": ["read", join(solo.env.root, "hostile/own.txt")],
    "a declared file": ["read", join(solo.env.root, "declared/read/a.txt")],
    "a declared folder": ["write", join(solo.env.root, "declared/write/new.txt")],
    "its temporary folder": ["write", "$TMPDIR/own"],
    "names of hosts": ["read", "/etc/hosts"],
    "an allowed port": ["connect", served],
    "listening on an allowed port": ["listen", mayListen],
  };
}

async function attempt(
  name: string,
  attempts: Attempts,
  program: ServiceSpecInput,
  more: ServiceSpecInput["sandbox"] = {},
): Promise<Record<string, string>> {
  for (const folder of ["declared/read", "declared/write"]) mkdirSync(join(solo.env.root, folder), { recursive: true });
  solo.env.write("declared/read/a.txt", "a");
  solo.env.write("hostile/own.txt", "own");
  const sandbox: ServiceSpecInput["sandbox"] = {
    read: [join(solo.env.root, "declared/read"), ...(program.kind === "port" ? [sdk] : [])],
    write: [join(solo.env.root, "declared/write")],
    connect: [served],
    listen: [mayListen],
    max_files: maxFiles,
    max_file_bytes: maxFileBytes,
    ...more,
  };
  const env = { ...program.env, ATTEMPTS: JSON.stringify(attempts), PATH: "/usr/bin:/bin" };
  await solo.deploy({ [name]: { ...program, cwd: join(solo.env.root, "hostile"), env, sandbox } });
  const line = await waitFor(async () => (await solo.logs(name)).find((text) => text.startsWith("RESULTS ")), {
    what: `the results of ${name}`,
  });
  await solo.client.kill({ name });
  return JSON.parse(line.slice("RESULTS ".length));
}

function python(): ServiceSpecInput {
  return {
    kind: "command",
    command: ["/usr/bin/python3", "-S", solo.env.write("hostile/hostile.py", text("hostile.py"))],
  };
}

function agent(): ServiceSpecInput {
  solo.env.write("hostile/hostile.py", text("hostile.py"));
  const program = solo.env.write("hostile/hostile_agent.py", text("hostile_agent.py"), 0o755);
  return { kind: "port", command: [program], env: { SDK: sdk } };
}

function module(): ServiceSpecInput {
  return { kind: "source", path: solo.env.write("hostile/hostile.ts", text("hostile.ts")) };
}

function text(name: string): string {
  return readFileSync(join(import.meta.dir, "hostile", name), "utf8");
}

function temporaryOf(name: string): string {
  const folder = join(solo.env.dataDir, "run/tmp");
  return join(folder, readdirSync(folder).find((entry) => entry.startsWith(name)) ?? "missing");
}

function logOf(name: string): string {
  const folder = join(solo.env.dataDir, "logs/default", name);
  const [file = "missing"] = readdirSync(folder);
  return join(folder, file);
}

/** Attempts that were not refused for want of a right, or for a limit; a link or rename into other rules gives EXDEV. */
const unrefused = (results: Record<string, string>) =>
  Object.entries(results).filter(
    ([, text]) => !/^refused: .*(EACCES|EPERM|EXDEV|EMFILE|EFBIG|Errno (1|13|18|24|27)\])/.test(text),
  );
const failures = (results: Record<string, string>) =>
  Object.entries(results).filter(([, text]) => !text.startsWith("done: "));

/** The file of a process's token, as its environment names it. */
function tokenOf(pid: number): string {
  const variables = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  return variables.find((variable) => variable.startsWith("SOLO_TOKEN_FILE="))?.split("=")[1] ?? "missing";
}

describe.each(["command", "source", "port"] as const)("a hostile %s", (kind) => {
  const programs = { command: python, source: module, port: agent };
  const program = () => programs[kind]();

  test("is refused everything that is not its own", async () => {
    const results = await attempt(
      `hostile-${kind}`,
      { ...(await attacks()), ...(kind !== "source" && (await tricks())) },
      program(),
    );
    expect(unrefused(results)).toEqual([]);
    expect(existsSync("/tmp/solo-hostile")).toBe(false);
    expect(Object.keys(results).length).toBeGreaterThan(20);
  });

  test("is given what it was allowed", async () => {
    expect(failures(await attempt(`allowed-${kind}`, rights(), program()))).toEqual([]);
  });

  test("can do without a sandbox what it can't within one", async () => {
    const { PATH } = process.env;
    const env = {
      ATTEMPTS: JSON.stringify({ passwords: ["read", "/etc/hostname"], victim: ["read", `/proc/${victim}/environ`] }),
      PATH: PATH ?? "",
    };
    await solo.deploy({
      [`free-${kind}`]: {
        ...program(),
        cwd: join(solo.env.root, "hostile"),
        env: { ...program().env, ...env, TMPDIR: "/tmp" },
        sandbox: { mode: "off" },
      },
    });
    const line = await waitFor(
      async () => (await solo.logs(`free-${kind}`)).find((text) => text.startsWith("RESULTS ")),
      { what: "the results" },
    );
    expect(line).not.toContain("refused");
    await solo.client.kill({ name: `free-${kind}` });
  });
});

test("a hostile wasm module gets nowhere but into the folder that was opened for it", async () => {
  const folder = join(solo.env.root, "hostile-wasm/data");
  solo.env.write("hostile-wasm/data/own.txt", "own");
  solo.env.write("hostile-wasm/secret.txt", "a secret beside it");
  symlinkSync("/etc/shadow", join(folder, "link"));
  symlinkSync("..", join(folder, "folder"));
  const path = join(import.meta.dir, "hostile/hostile.wasm");
  const restart = { policy: "temporary" } as const;
  await solo.deploy({ "hostile-wasm": { kind: "wasm", path, preopens: { "/data": folder }, restart } });
  const line = await waitFor(
    async () => (await solo.logs("hostile-wasm")).find((text) => text.startsWith("RESULTS ")),
    {
      what: "its results",
    },
  );
  const results: Record<string, string> = JSON.parse(line.slice("RESULTS ".length));
  const done = Object.keys(results).filter((name) => results[name] !== "refused");
  expect(done).toEqual(["its own file", "writing into its folder"]);
  expect(Object.keys(results).length).toBeGreaterThan(10);
  expect(readdirSync(join(solo.env.root, "hostile-wasm")).sort()).toEqual(["data", "secret.txt"]);
});

describe("a sandbox", () => {
  test("that would open Solo's own data is refused", async () => {
    const spec = { ...solo.shell("sleep 100"), sandbox: { read: [solo.env.root] } };
    expect(await failure(solo.deploy({ wide: spec }))).toMatchObject({ code: "invalid_config" });
  });

  test("with a path that is not there is refused", async () => {
    const spec = { ...solo.shell("sleep 100"), sandbox: { write: [join(solo.env.root, "missing")] } };
    expect(await failure(solo.deploy({ missing: spec }))).toMatchObject({ code: "file_not_found" });
  });

  test("is that of the process after a crash, and its temporary folder is empty again and gone at the end", async () => {
    const script = `ls -A $TMPDIR | sed 's/^/left: /'; touch $TMPDIR/left; cat /etc/shadow; exec sleep 1000`;
    await solo.deploy({ again: { ...solo.shell(script), sandbox: {} } });
    const [first] = (await solo.status("again")).instances;
    process.kill(first?.pid ?? 0, "SIGKILL");
    const again = await solo.until("again", ({ restarts, ready }) => restarts === 1 && ready === 1);
    expect(again.last_exit).toMatchObject({ signal: "SIGKILL" });
    const logs = await waitFor(
      async () => {
        const lines = await solo.logs("again");
        return lines.filter((line) => line.includes("Permission denied")).length === 2 ? lines : undefined;
      },
      { what: "both to be refused" },
    );
    expect(logs.filter((line) => line.startsWith("left:"))).toEqual([]);
    const folder = temporaryOf("again");
    expect(existsSync(folder)).toBe(true);
    await solo.client.kill({ name: "again" });
    await waitFor(() => !existsSync(folder), { what: "the temporary folder to be removed" });
  });

  test("gives the variables of the kernel's that it names, and none of Solo's own", async () => {
    const inherit_env = ["LANG", "SOLO_DATA_DIR", "NOT_SET"];
    await solo.deploy({ inheriting: { ...solo.shell("env; exec sleep 1000"), sandbox: { inherit_env } } });
    const logs = await waitFor(
      async () => ((await solo.logs("inheriting")).length > 5 ? solo.logs("inheriting") : undefined),
      {
        what: "the variables",
      },
    );
    const names = logs.map((line) => line.split("=")[0]);
    expect(names).toContain("LANG");
    expect(names).toContain("TMPDIR");
    for (const name of ["SOLO_DATA_DIR", "NOT_SET", "HOME", "XDG_RUNTIME_DIR"]) expect(names).not.toContain(name);
    await solo.client.kill({ name: "inheriting" });
  });

  test("is kept by a process that outlives its kernel, whose end the next one learns", async () => {
    await solo.deploy({ lasting: { ...solo.shell("exec sleep 1000"), restart: { policy: "temporary" }, sandbox: {} } });
    const [before] = (await solo.status("lasting")).instances;
    await solo.crashKernel();
    const adopted = await solo.until("lasting", ({ instances }) => instances[0]?.adopted === true);
    expect(adopted.instances[0]?.pid).toBe(before?.pid ?? 0);
    expect(readFileSync(`/proc/${before?.pid}/status`, "utf8")).toMatch(/NoNewPrivs:\t1\nSeccomp:\t2/);
    process.kill(before?.pid ?? 0, "SIGTERM");
    const ended = await solo.until("lasting", ({ instances }) => instances.every(({ pid }) => pid === null));
    expect(ended.last_exit).toMatchObject({ signal: "SIGTERM" });
    await solo.client.kill({ name: "lasting" });
  });
});

test("solo sandbox show tells what is enforced for each process", async () => {
  const sandbox: ServiceSpecInput["sandbox"] = { connect: [served], listen: "any", max_files: 300 };
  await solo.deploy({
    shown: { ...solo.shell("exec sleep 1000"), sandbox },
    open: { ...solo.shell("exec sleep 1000"), sandbox: { mode: "off" } },
  });
  const show = async (name: string) =>
    (await solo.env.run(["sandbox", "show", name, "--json"])).expect().json(sandboxDocumentSchema);
  const shown = await show("shown");
  expect(shown).toMatchObject({ mode: "enforce", score: 90, listen: "any", connect: expect.arrayContaining([served]) });
  expect(shown.instances).toMatchObject([
    { confined: true, score: 90, no_new_privileges: true, filters: 1, open_files: 300, core_bytes: 0 },
  ]);
  const writable = shown.paths.filter(({ write, origin }) => write && origin === "declared");
  expect(writable.map(({ path }) => path)).toEqual([solo.env.notes]);
  expect(await show("open")).toMatchObject({ mode: "off", score: 0, connect: "any", instances: [{ confined: false }] });
  const text = (await solo.env.run(["sandbox", "show", "open"])).expect().stdout;
  expect(text).toContain("It has no sandbox");
  for (const name of ["shown", "open"]) await solo.client.kill({ name });
});

describe("by default", () => {
  const deploy = (...words: string[]) => solo.env.run(["deploy", ...words]);
  const modeOf = async (name: string) => (await solo.client.sandbox({ name })).mode;

  test.each(["command", "source"] as const)(
    "a %s is confined, and has a folder of its own that stays",
    async (kind) => {
      const name = `plain-${kind}`;
      const write = `require("fs").writeFileSync(process.env.STATE_DIRECTORY + "/kept", "yes")`;
      const script = `ls $STATE_DIRECTORY; touch $STATE_DIRECTORY/kept; cat /etc/shadow; exec sleep 1000`;
      const words =
        kind === "command"
          ? ["sh", name, "--", "-c", script]
          : [solo.env.write(`${name}/a.ts`, `${write}; setInterval(() => {}, 1000);`), name];
      (await deploy(...words)).expect();
      expect(await modeOf(name)).toBe("enforce");
      if (kind === "command") expect((await solo.logs(name)).join("\n")).toContain("/etc/shadow: Permission denied");
      const kept = join(solo.env.dataDir, "files/default", name, "kept");
      await waitFor(() => existsSync(kept), { what: "its file" });
      (await solo.env.run(["kill", name])).expect();
      expect(existsSync(kept)).toBe(true);
    },
  );

  test("a start that the sandbox made fail says what to add, and with that it starts", async () => {
    const module = solo.env.write(
      "teaching/a.ts",
      `await fetch("http://127.0.0.1:${served}/").catch((error) => { if (error.code === "EACCES") throw error; });
export default { fetch: () => new Response("well") };`,
    );
    const { stderr } = (await deploy(module, "taught")).expect(1);
    expect(stderr).toContain(`refused to connect to port ${served}`);
    expect(stderr).toContain(`connect = [${served}]`);
    expect(stderr).toContain(`--allow-connect ${served}`);
    (await deploy(module, "taught", "--allow-connect", String(served))).expect();
    expect(await (await solo.env.fetch("taught")).text()).toBe("well");
    await solo.client.kill({ name: "taught" });
  });

  test("what a running service is refused is told once in its log, as an event, and by sandbox show", async () => {
    const script = `while sleep 0.1; do cat ${join(solo.env.root, "victim/secret.txt")}; done`;
    (await deploy("sh", "asking", "--", "-c", script)).expect();
    const told = await waitFor(
      async () => (await solo.events("asking")).find(({ event }) => event === "sandbox_refused"),
      { what: "the event" },
    );
    expect(told.data).toMatchObject({ access: "read", target: join(solo.env.root, "victim/secret.txt") });
    const logs = await solo.logs("asking");
    expect(logs.filter((line) => line.startsWith("solo: the sandbox refused"))).toHaveLength(1);
    const shown = (await solo.env.run(["sandbox", "show", "asking"])).expect().stdout;
    expect(shown).toContain("refused lately");
    const suggested = (await solo.env.run(["capability", "suggest", "asking"])).expect().stdout;
    expect(suggested).toBe(`[service.asking.sandbox]\nread = ["${join(solo.env.root, "victim/secret.txt")}"]\n`);
    await solo.client.kill({ name: "asking" });
  });

  test("a plan tells what a service would be allowed that it is not now", async () => {
    const file = solo.env.write("planned/solo.toml", `[service.planned]\ncommand = ["sleep", "1000"]\n`);
    (await deploy("-f", file)).expect();
    const planned = await deploy("-f", file, "--plan", "--allow-connect", "443", "--json");
    const document = planned.expect(10).json(z.object({ services: z.array(deployResultSchema) }));
    expect(document.services[0]?.capability_changes).toEqual([
      { change: "added", setting: "sandbox.connect", value: "443", widens: true },
    ]);
    expect((await deploy("-f", file, "--plan", "--unsandboxed")).expect(10).stdout).toContain("+ sandbox.mode off");
    expect((await deploy("-f", file, "--plan")).expect().stdout).not.toContain("+ ");
    await solo.client.kill({ name: "planned" });
  });

  test("--unsandboxed is loud and shown everywhere; the configuration can turn sandboxes off; --sandbox turns one on", async () => {
    const file = solo.env.write("flagged/solo.toml", `[service.flagged]\ncommand = ["sleep", "1000"]\n`);
    const flagged = (env: Record<string, string>, ...flags: string[]) =>
      solo.env.run(["deploy", "-f", file, ...flags], { env });
    (await flagged({})).expect();
    expect(await modeOf("flagged")).toBe("enforce");
    const { stderr } = (await flagged({}, "--unsandboxed", "--quiet")).expect();
    expect(stderr).toContain("WARNING: flagged runs without a sandbox");
    expect(await modeOf("flagged")).toBe("off");
    expect((await solo.events("flagged")).map(({ event }) => event)).toContain("service_unsandboxed");
    expect((await solo.status("flagged")).sandbox).toBe("off");
    expect((await solo.env.run(["list"])).expect().stdout).toMatch(/SANDBOX.*\n(.*\n)*flagged .*OFF/);
    (await flagged({ SOLO_SANDBOX: "off" }, "--sandbox")).expect();
    expect(await modeOf("flagged")).toBe("enforce");
    expect((await flagged({ SOLO_SANDBOX: "off" })).expect().stderr).toContain(
      "WARNING: flagged runs without a sandbox",
    );
    expect((await flagged({ SOLO_SANDBOX: "best-effort" })).expect().stderr).not.toContain("WARNING");
    expect(await modeOf("flagged")).toBe("best-effort");
    expect((await flagged({}, "--unsandboxed", "--sandbox")).code).toBe(2);
    expect((await flagged({}, "--allow-connect", "70000")).code).toBe(2);
    await solo.client.kill({ name: "flagged" });
  });
});

test("a fork bomb gets no further than max_processes at the moment of the fork, where there are control groups", async () => {
  const script = "n=0; while [ $n -lt 200 ]; do sleep 1000 & n=$((n+1)); done; echo all; wait";
  const restart = { policy: "temporary" } as const;
  await solo.deploy(
    { forking: { ...solo.shell(script, { restart }), sandbox: { max_processes: 50 } } },
    { wait: false },
  );
  const told = async () => (await solo.logs("forking")).find((line) => /Cannot fork|^all$/.test(line));
  const word = await waitFor(told, { what: "its last fork" });
  const isBounded = (await solo.client.sandbox({ name: "forking" })).mechanisms.find(
    ({ name }) => name === "processes",
  );
  expect(word.includes("Cannot fork")).toBe(isBounded?.available === true);
  await solo.client.kill({ name: "forking", force: true });
});

test("a service that says nothing is bounded at the fork as well, where there are control groups", async () => {
  const [deployed] = await solo.deploy({ plain: solo.shell("exec sleep 1000", { sandbox: {} }) });
  const { mechanisms } = await solo.client.sandbox({ name: "plain" });
  const isThere = mechanisms.find(({ name }) => name === "processes")?.available === true;
  const pid = deployed?.instances[0]?.pid ?? 0;
  const group = /^\d+:pids:(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1] ?? "";
  const most = isThere ? readFileSync(`/sys/fs/cgroup/pids${group}/pids.max`, "utf8").trim() : "2048";
  expect(most).toBe("2048");
  await solo.client.kill({ name: "plain", force: true });
});

test("a service without UDP has no datagrams but those of unix sockets, and no name server", async () => {
  const attempts: Attempts = {
    UDP: ["send", served],
    "UDP of IPv6": ["open_socket", 10, 2 | 0x800],
    "UDP-Lite": ["open_socket", 2, 2, 136],
    ICMP: ["open_socket", 2, 2, 1],
    "a name server by TCP": ["connect", 53],
    "a datagram of a unix socket": ["open_socket", 1, 2],
    "an allowed port": ["connect", served],
  };
  const without = await attempt("without-udp", attempts, python(), { udp: false });
  const done = (results: Record<string, string>) =>
    Object.keys(results).filter((name) => results[name]?.startsWith("done"));
  expect(done(without)).toEqual(["a datagram of a unix socket", "an allowed port"]);
  expect(without["a name server by TCP"]).toContain("Permission denied");
  expect(done(await attempt("with-udp", attempts, python()))).toContain("UDP");
});

test("all processes of an instance have one share of the processor, where there are control groups, and are ended before the kernel", async () => {
  await solo.deploy({ spread: solo.shell("setsid sleep 1000 & exec sleep 1000", { sandbox: {} }) });
  const pids = await waitFor(
    () => {
      const found = solo.processes("spread");
      return found.length === 2 ? found : undefined;
    },
    { what: "both processes" },
  );
  const { mechanisms } = await solo.client.sandbox({ name: "spread" });
  const isThere = mechanisms.find(({ name }) => name === "processor")?.available === true;
  const groupOf = (pid: number) => /^\d+:cpu:(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1] ?? "";
  const groups = new Set(pids.map(groupOf));
  expect(groups.size).toBe(1);
  expect([...groups][0]?.includes("/solo-")).toBe(isThere);
  const preference = (pid: number) => Number(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8"));
  for (const pid of pids) expect(preference(pid)).toBeGreaterThan(preference(await solo.kernel()));
  await solo.client.kill({ name: "spread", force: true });
  const folder = `/sys/fs/cgroup/cpu${[...groups][0]}`;
  if (isThere) await waitFor(() => !existsSync(folder), { what: "its group to be removed" });
});

describe("limits", () => {
  /** A program of the shell that is well at once and then does too much. */
  async function exceed(name: string, script: string, limits: ServiceSpecInput["limits"]) {
    await solo.deploy({
      [name]: { ...solo.shell(`sleep 0.3; ${script}`), limits, restart: { policy: "temporary" }, sandbox: {} },
    });
    const ended = await solo.until(name, ({ instances }) => instances.every(({ pid }) => pid === null));
    const events = (await solo.events(name)).filter(({ event }) => event.startsWith("resource_"));
    await solo.client.kill({ name });
    return { ended, events };
  }

  test("a fork bomb is ended, with all its processes", async () => {
    const bomb = "bomb() { [ $1 -gt 0 ] && { bomb $(($1 - 1)) & bomb $(($1 - 1)) & }; sleep 1000; }; bomb 6; wait";
    const { ended, events } = await exceed("fork-bomb", bomb, { processes: 16 });
    expect(ended.last_exit).toMatchObject({ signal: "SIGKILL", reason: expect.stringContaining("limit of processes") });
    expect(events.at(-1)).toMatchObject({
      event: "resource_violation",
      data: { resource: "processes", limit: 16, action: "kill" },
    });
    expect(solo.processes("fork-bomb")).toEqual([]);
  });

  test("a fork bomb whose parents end, so that its children are nobody's, is ended too", async () => {
    const children = "for child in 1 2 3 4 5 6 7 8; do (setsid sleep 1000 &) ; done; exec sleep 1000";
    const { ended } = await exceed("orphan-bomb", children, { processes: 5 });
    expect(ended.last_exit).toMatchObject({ reason: expect.stringContaining("limit of processes: 9 > 5") });
    expect(solo.processes("orphan-bomb")).toEqual([]);
  });

  test("a memory bomb is ended", async () => {
    const bomb = `exec /usr/bin/python3 -S -c 'held = []
while True: held.append(bytearray(4_000_000)); __import__("time").sleep(0.02)'`;
    const { ended, events } = await exceed("memory-bomb", bomb, { memory_bytes: 64_000_000 });
    expect(ended.last_exit).toMatchObject({ signal: "SIGKILL" });
    expect(events.at(-1)).toMatchObject({ event: "resource_violation", data: { resource: "memory" } });
  });

  test("what only warns goes on", async () => {
    const files = "exec 11</dev/null 12</dev/null 13</dev/null 14</dev/null 15</dev/null 16</dev/null 17</dev/null";
    const more = "exec 18</dev/null 19</dev/null 20</dev/null 21</dev/null 22</dev/null 23</dev/null 24</dev/null";
    const script = `bash -c '${files}; ${more}; sleep 1000'`;
    await solo.deploy({ warned: { ...solo.shell(script), limits: { files: 16, action: "warn" } } });
    await waitFor(async () => (await solo.events("warned")).some(({ event }) => event === "resource_violation"), {
      what: "the violation",
    });
    const status = await solo.status("warned");
    expect(status).toMatchObject({ state: "ready", restarts: 0, limits: { files: 16, action: "warn" } });
    expect((await solo.logs("warned")).join("\n")).toContain("limit of files");
    await solo.client.kill({ name: "warned" });
  });
});
