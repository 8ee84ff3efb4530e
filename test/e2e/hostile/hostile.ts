import { closeSync, linkSync, openSync, readFileSync, symlinkSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

/** The same in a `source` service: attempts what ATTEMPTS says, and prints one line of JSON with what came of it. */

const temporary = process.env.TMPDIR ?? "";

const kinds: Readonly<Record<string, (...words: never[]) => unknown>> = {
  read: (path: string) => readFileSync(expand(path), "latin1").slice(0, 64),
  async_read: (path: string) => Bun.file(expand(path)).text(),
  write: (path: string) => writeFileSync(expand(path), "hostile"),
  through_link: (target: string) => {
    const link = join(temporary, `link-${performance.now()}`);
    symlinkSync(target, link);
    return readFileSync(link, "latin1").slice(0, 64);
  },
  hard_link: (target: string) => linkSync(target, join(temporary, "hard")),
  connect: (port: number) =>
    new Promise((resolve, reject) => {
      Bun.connect({
        hostname: "127.0.0.1",
        port,
        socket: {
          data: (_, bytes) => resolve(bytes.toString()),
          connectError: (_, error) => reject(error),
        },
      }).catch(reject);
    }),
  listen: (port: number) => Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }).stop(),
  ask_kernel: async (path: string) => {
    const answer = await fetch("http://solo/v1/services", { unix: path });
    if (answer.status === 401) throw Object.assign(new Error("401"), { code: "EACCES" });
    return answer.status;
  },
  tell: (pid: number) => process.kill(pid, "SIGURG"),
  descriptors: (most: number) => {
    const opened: number[] = [];
    try {
      while (opened.length <= most) opened.push(openSync("/dev/null", "r"));
    } finally {
      for (const fd of opened) closeSync(fd);
    }
  },
  fill: (most: number) => {
    const fd = openSync(join(temporary, "filler"), "w");
    const block = Buffer.alloc(65_536);
    for (let written = 0; written <= most; ) written += writeSync(fd, block);
  },
  child: (path: string) => {
    const { exitCode, stdout, stderr } = Bun.spawnSync(["/bin/cat", path]);
    if (exitCode !== 0) throw Object.assign(new Error(stderr.toString()), { code: "EACCES" });
    return stdout.toString().slice(0, 64);
  },
  became_root: () => {
    if (!readFileSync("/proc/self/status", "utf8").includes("NoNewPrivs:\t1")) return;
    throw Object.assign(new Error("no_new_privs"), { code: "EPERM" });
  },
};

const results: Record<string, string> = {};
for (const [name, [kind = "", ...words]] of Object.entries(
  JSON.parse(process.env.ATTEMPTS ?? "{}") as Record<string, [string, ...never[]]>,
)) {
  try {
    results[name] = `done: ${await kinds[kind]?.(...words)}`;
  } catch (error) {
    results[name] = `refused: ${error instanceof Error && "code" in error ? error.code : error}`;
  }
}
console.log(`RESULTS ${JSON.stringify(results)}`);
setInterval(() => {}, 60_000);

function expand(path: string): string {
  return path.replace("$TMPDIR", temporary);
}
