import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Daemon, failure, waitFor } from "../support/index.ts";

/** Services in namespaces of their own, where the machine allows them. */

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
});
afterAll(() => daemon[Symbol.asyncDispose]());

const sandbox = { namespaces: true } as const;

const isAllowed = async () => {
  await daemon.deploy({ asked: daemon.shell("exec sleep 1000") });
  const { mechanisms } = await daemon.client.sandbox({ name: "asked" });
  await daemon.client.kill({ name: "asked" });
  return mechanisms.find(({ name }) => name === "namespaces")?.available === true;
};

test("where they can't be made a service that needs them is refused; where they can the rest holds", async () => {
  if (await isAllowed()) return;
  const refused = await failure(daemon.deploy({ needs: daemon.shell("exec sleep 1000", { sandbox }) }));
  expect(refused.code).toBe("sandbox_unavailable");
});

test("a service sees and reaches no process but its own, and no queues of others", async () => {
  if (!(await isAllowed())) return;
  const kernel = await daemon.kernel();
  const queue = Bun.spawnSync(["ipcmk", "-Q"]).stdout.toString().replace(/\D+/g, "");
  const program = `
import os, signal, subprocess
def attempt(name, act):
    try: print(name, act(), flush=True)
    except OSError as error: print(name, "refused", flush=True)
print("pids", sorted(int(name) for name in os.listdir("/proc") if name.isdigit()), flush=True)
attempt("signal", lambda: os.kill(${kernel}, 0))
attempt("priority", lambda: os.setpriority(os.PRIO_PROCESS, ${kernel}, 19))
attempt("processors", lambda: os.sched_setaffinity(${kernel}, {0}))
attempt("its first process", lambda: [os.kill(1, signal.SIGKILL), os.getpid()][1])
print("queues", subprocess.run(["ipcs", "-q"], capture_output=True, text=True).stdout.count("0x"), flush=True)
signal.pause()`;
  try {
    const file = daemon.env.write("hidden/look.py", program);
    await daemon.deploy({ hidden: { kind: "command", command: ["/usr/bin/python3", "-S", file], sandbox } });
    const lines = await waitFor(
      async () => {
        const seen = await daemon.logs("hidden");
        return seen.length === 6 ? seen : undefined;
      },
      { what: "what it saw" },
    );
    expect(lines).toEqual([
      "pids [1, 2]",
      "signal refused",
      "priority refused",
      "processors refused",
      "its first process 2",
      "queues 0",
    ]);
  } finally {
    Bun.spawnSync(["ipcrm", "-q", queue]);
  }
  const { instances } = await daemon.client.sandbox({ name: "hidden" });
  expect(instances).toMatchObject([{ confined: true, own_processes: true }]);
  await daemon.client.kill({ name: "hidden" });
});

test("nothing that a service starts outlives it, whatever it does to be forgotten", async () => {
  if (!(await isAllowed())) return;
  const trace = join(daemon.env.notes, "alive");
  const loop = `while :; do touch ${trace}; sleep 0.05; done`;
  await daemon.deploy({
    leaving: daemon.shell(`(setsid env -i /bin/sh -c '${loop}' >/dev/null 2>&1 &); exec sleep 1000`, {
      sandbox,
      restart: { policy: "temporary" },
    }),
  });
  await waitFor(() => existsSync(trace), { what: "the orphan" });
  const orphans = () => Bun.spawnSync(["pgrep", "-f", trace]).stdout.toString().trim().split("\n").filter(Boolean);
  expect(orphans().length).toBeGreaterThan(0);
  const pid = (await daemon.status("leaving")).instances[0]?.pid ?? 0;
  // The first process, which the service itself can't end.
  process.kill(pid, "SIGKILL");
  await daemon.until("leaving", "failed");
  await waitFor(() => orphans().length === 0, { what: "its orphan to be gone" });
});

test("modules, agents' state and calls work in them, and a kernel that is killed takes them over", async () => {
  if (!(await isAllowed())) return;
  const code = `import { defineService } from "solo";
export default defineService({
  fetch: () => new Response("pid " + process.pid),
  methods: { count: (_, ctx) => ctx.state.increment("calls") },
});`;
  await daemon.deploy({
    web: daemon.module("web.ts", code, { sandbox, restart: { policy: "temporary" } }),
    shell: daemon.shell("exec sleep 1000", { sandbox, restart: { policy: "temporary" } }),
  });
  expect(await (await daemon.env.fetch("web")).text()).toBe("pid 2");
  const count = async () => (await daemon.client.call({ name: "web", method: "count" })).output;
  expect(await count()).toBe(1);
  const before = await daemon.status("web");
  await daemon.crashKernel();
  const after = await daemon.until("web", "ready");
  expect(after.instances).toMatchObject([{ pid: before.instances[0]?.pid, adopted: true }]);
  expect(await count()).toBe(2);
  // The shell tells a signal's number as a code; it ends as soon as the program does.
  const pid = (await daemon.until("shell", "ready")).instances[0]?.pid ?? 0;
  const [child = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
  process.kill(Number(child), "SIGTERM");
  const ended = await daemon.until("shell", ({ instances }) => instances.every((instance) => instance.pid === null));
  expect(ended.last_exit).toMatchObject({ exit_code: 143, signal: null });
  await daemon.client.kill({ name: "web" });
  expect(daemon.processes()).toEqual([]);
});
