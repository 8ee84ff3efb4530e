import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import {
  type Recorder,
  Recorders,
  readRecord,
  recordPath,
  type UseRecord,
} from "../../../../src/security/learning/index.ts";
import {
  denyFilter,
  isRunning,
  Poller,
  readStat,
  selfCommand,
  spawnConfined,
  takeExit,
} from "../../../../src/system/index.ts";
import { freePorts, waitFor } from "../../../support/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

/** Real programs, looked at by a real recorder. */

const root = realpathSync(temporaryFolder());
const poller = new Poller();
afterAll(() => poller.close());
const lost: string[] = [];
const recorders = new Recorders({
  records: join(root, "uses"),
  running: join(root, "running"),
  self: selfCommand(),
  poller,
  onLost: (instance) => void lost.push(instance),
});
const ref = { tenant: "default", name: "a" };
/** What every sandbox has, and what is a program's own. */
const known = {
  paths: ["/usr", "/bin", "/lib", "/lib64", "/etc", "/proc", "/dev/null"].map((path) => {
    return { path, read: true, write: path === "/dev/null", execute: true };
  }),
  passed: [],
  connect: [53],
  listen: [],
};
let count = 0;

function at(...names: string[]): string {
  return join(root, ...names);
}

function file(name: string, text = "text\n", mode = 0o644): string {
  mkdirSync(join(at(name), ".."), { recursive: true });
  writeFileSync(at(name), text, { mode });
  return at(name);
}

function spawn(recorder: Recorder, path: string, args: readonly string[], output: number): number {
  return spawnConfined({
    path,
    args,
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    cwd: root,
    stdin: output,
    stdout: output,
    stderr: output,
    ruleset: undefined,
    filter: denyFilter(),
    limits: [],
    dropCapabilities: [],
    watch: recorder.watch,
  });
}

/** Runs a program to its end; answers with what it was seen to use, and what it wrote. */
async function recorded(path: string, ...args: string[]): Promise<{ uses: UseRecord["uses"]; text: string }> {
  const { uses, text, unseen } = await looked(path, ...args);
  expect(unseen).toBe(0);
  return { uses, text };
}

async function looked(path: string, ...args: string[]) {
  const revision = `r${++count}`;
  const out = openSync(file(`output-${revision}`, ""), "r+");
  const recorder = recorders.start({ id: `a-${revision}`, ref, revision }, { program: path, known });
  const pid = spawn(recorder, path, [path, ...args], out);
  recorder.began(pid);
  recorder.close();
  await waitFor(() => !isRunning(readStat(pid)), { what: `the end of ${pid}` });
  takeExit(pid);
  closeSync(out);
  const record = recordPath(recorders.folderOf(ref), revision);
  const isOver = () => !running().some((command) => command.includes(record));
  await waitFor(isOver, { what: "the end of the recorder" });
  const found = readRecord(record);
  if (found === undefined) throw new Error("there is no record");
  return { uses: found.uses, unseen: found.unseen, text: readFileSync(at(`output-${revision}`), "utf8") };
}

function running(): string[] {
  const { stdout } = Bun.spawnSync(["ps", "-eo", "args"]);
  return stdout.toString().split("\n");
}

const shell = (script: string) => recorded("/bin/sh", "-c", script);
const python = (script: string) => recorded("/usr/bin/python3", "-I", "-S", "-c", script);
const nothing = { read: [], write: [], execute: [], connect: [], listen: [] };

describe("a program that is looked at", () => {
  test("has what it reads and lists recorded, wherever links lead, and not what is missing or every program's own", async () => {
    file("data/one.txt");
    file("data/sub/two.txt");
    symlinkSync(at("data/one.txt"), at("link"));
    const { uses, text } = await shell(
      "cat link; cd data; cat sub/two.txt; ls sub >/dev/null; cat missing /etc/hostname >/dev/null; echo x >/dev/null",
    );
    expect(uses).toEqual({ ...nothing, read: [at("data/one.txt"), at("data/sub"), at("data/sub/two.txt")] });
    expect(text).toStartWith("text\ntext\n");
  });

  test("has the folders recorded in which it makes, renames and removes names, and files that it changes", async () => {
    file("kept/old.txt");
    for (const folder of ["made", "renamed", "removed", "linked", "bound", "led-to"]) mkdirSync(at(folder));
    symlinkSync("../led-to/new", at("kept/leads"));
    file("removed/a");
    file("renamed/a");
    const { uses } = await python(
      `import os, socket
open("kept/old.txt", "a").write("more"); open("made/new.txt", "w").close(); os.makedirs("made/sub", exist_ok=True)
os.makedirs("kept", exist_ok=True)
os.rename("renamed/a", "renamed/b"); os.remove("removed/a"); os.symlink("x", "linked/l")
socket.socket(socket.AF_UNIX).bind("bound/s"); os.truncate("kept/old.txt", 0); open("kept/leads", "w").close()
try: os.remove("removed/nothing")
except OSError: pass
fd = os.open("made", os.O_RDONLY); os.close(os.open("by-descriptor", os.O_CREAT | os.O_WRONLY, dir_fd=fd))`,
    );
    expect(uses.write).toEqual(
      ["bound", "kept/old.txt", "led-to", "linked", "made", "removed", "renamed"].map((one) => at(one)),
    );
    expect(uses.read).toEqual([at("made")]);
  });

  test("has what it executes recorded, with the interpreters of scripts, by its children too", async () => {
    const interpreter = at("sh-of-its-own");
    Bun.spawnSync(["cp", realpathSync("/bin/sh"), interpreter]);
    const script = file("script.sh", `#!${interpreter}\necho done by $0\n`, 0o755);
    const { uses, text } = await shell(`/bin/sh -c ${script}`);
    expect(text).toBe(`done by ${script}\n`);
    expect(uses.execute).toEqual([script, interpreter]);
    const first = await recorded(script);
    expect(first.uses.execute).toEqual([script, interpreter]);
    chmodSync(script, 0o644);
    expect((await shell(`${script}; true`)).uses.execute).toEqual([]);
  });

  test("has TCP ports recorded, answered or not, but no UDP and nothing that is known", async () => {
    const [served = 0, dead = 0, listened = 0] = freePorts(3);
    const server = createServer((socket) => socket.end()).listen(served, "127.0.0.1");
    const { uses, text } = await python(
      `import socket
for port in (${served}, ${dead}, 53): socket.socket().connect_ex(("127.0.0.1", port))
socket.socket(socket.AF_INET6).connect_ex(("::1", ${dead}))
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("127.0.0.1", 9999))
for port in (${listened}, 0):
    one = socket.socket(); one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); one.bind(("127.0.0.1", port))`,
    );
    server.close();
    expect(text).toBe("");
    expect(uses.connect).toEqual([served, dead].sort((one, other) => one - other));
    expect(uses.listen).toEqual([0, listened]);
  });

  test("loses nothing when many threads and processes go at once", async () => {
    const files = Array.from({ length: 60 }, (_, index) => file(`many/${String(index).padStart(2, "0")}`));
    const { uses } = await python(
      `import os, threading
names = ${JSON.stringify(files)}
def read(some):
    for name in some: open(name).close()
for child in range(3):
    if os.fork() == 0: read(names[child * 10:child * 10 + 10]); os._exit(0)
threads = [threading.Thread(target=read, args=(names[30 + n * 10:40 + n * 10],)) for n in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
for child in range(3): os.wait()`,
    );
    expect(uses.read).toEqual(files);
  });
});

test("a program that names nonsense, gets signals all the time and loses threads and children hangs no recorder", async () => {
  const script = `import ctypes, os, signal, threading
libc = ctypes.CDLL(None, use_errno=True)
for pointer in (None, 1, -1, 2**47): libc.openat(-100, ctypes.c_void_p(pointer), 0)
for path in (b"x" * 5000, b"", b"plain/x", b"../" * 50 + b"etc/hostname"):
    libc.openat(-100, path, 0); libc.mkdir(path, 0o755); libc.rename(path, b"plain/y"); libc.execve(path, None, None)
libc.openat(77, b"relative", 0); libc.connect(99, None, 16); libc.bind(0, b"", 200); libc.unlink(b"\\xff\\xfe")
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
def opens():
    for count in range(500): os.close(os.open("plain", os.O_RDONLY))
threads = [threading.Thread(target=opens) for _ in range(4)]
for thread in threads: thread.start()
for child in range(20):
    pid = os.fork()
    if pid == 0:
        while True: os.close(os.open("plain", os.O_RDONLY))
    os.kill(pid, signal.SIGKILL); os.waitpid(pid, 0)
for thread in threads: thread.join()
open("last", "w").close()
print("done", flush=True)
os._exit(0)`;
  file("plain");
  file("last");
  const { uses, unseen, text } = await looked("/usr/bin/python3", "-I", "-S", "-c", script);
  expect(text).toEndWith("done\n");
  expect(uses).toEqual({ ...nothing, read: [at("plain")], write: [at("last")] });
  // A name that is no text can't be declared.
  expect(unseen).toBe(1);
}, 30_000);

test("a recorder that dies before its process is told of, and so is one that died while no kernel looked", async () => {
  const out = openSync("/dev/null", "r+");
  const instance = { id: "a-lost", ref, revision: "lost" };
  const recorder = recorders.start(instance, { program: "/bin/sleep", known });
  const pid = spawn(recorder, "/bin/sleep", ["sleep", "60"], out);
  recorder.began(pid);
  recorder.close();
  expect(recorders.revisionOf("a-lost")).toBe("lost");
  const isQuiet = () => readRecord(recordPath(recorders.folderOf(ref), "lost")) !== undefined;
  await waitFor(isQuiet, { what: "the program to have started" });
  const pair: { recorder: { pid: number } } = JSON.parse(readFileSync(at("running/a-lost.json"), "utf8"));
  process.kill(pair.recorder.pid, "SIGKILL");
  await waitFor(() => lost.length === 1, { what: "the loss to be told" });
  recorders.takeOver(new Set(["a-lost"]));
  expect(lost).toEqual(["a-lost", "a-lost"]);
  process.kill(pid, "SIGKILL");
  await waitFor(() => !isRunning(readStat(pid)), { what: `the end of ${pid}` });
  takeExit(pid);
  closeSync(out);
  recorders.takeOver(new Set());
  expect(recorders.revisionOf("a-lost")).toBeUndefined();
  expect(lost).toHaveLength(2);
});

test("the records of a service's latest revisions are kept", async () => {
  const other = { tenant: "default", name: "b" };
  const folder = recorders.folderOf(other);
  mkdirSync(folder, { recursive: true });
  for (let index = 1; index <= 6; index++) {
    const path = recordPath(folder, `r${index}`);
    writeFileSync(path, "{}");
    const seconds = 1_000_000 + index;
    utimesSync(path, seconds, seconds);
  }
  const out = openSync("/dev/null", "r+");
  const recorder = recorders.start({ id: "b-1", ref: other, revision: "r7" }, { program: "/bin/true", known });
  const pid = spawn(recorder, "/bin/true", ["true"], out);
  recorder.began(pid);
  recorder.close();
  closeSync(out);
  await waitFor(() => readRecord(recordPath(folder, "r7")) !== undefined, { what: "the new record" });
  takeExit(pid);
  const kept = [1, 2, 3, 4, 5, 6].filter((index) => Bun.file(recordPath(folder, `r${index}`)).size > 0);
  expect(kept).toEqual([4, 5, 6]);
});
