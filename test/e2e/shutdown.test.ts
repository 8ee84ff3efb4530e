import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { childrenOf, readStat } from "../../src/system/index.ts";
import { Daemon, failure, gone, waitFor } from "../support/index.ts";

setDefaultTimeout(60_000);

const runs = "exec sleep 1000";

/** A service that writes down when it is asked to stop, and takes a moment for it. */
function noting(daemon: Daemon, word: string) {
  const file = join(daemon.env.notes, "stops");
  return daemon.shell(`trap 'sleep 0.05; echo ${word} >> ${file}; exit 0' TERM; while :; do sleep 0.02; done`);
}

describe("stopping the kernel", () => {
  test("stops services in reverse order of their dependencies; the next start brings them back", async () => {
    await using daemon = await Daemon.start();
    await daemon.deploy({
      db: noting(daemon, "db"),
      cache: noting(daemon, "cache"),
      api: { ...noting(daemon, "api"), depends_on: { db: "started", cache: "started" } },
      web: { ...noting(daemon, "web"), depends_on: { api: "started" } },
    });
    const kernel = await daemon.kernel();
    const guardian = await daemon.guardian();
    expect(await daemon.client.shutdown({})).toMatchObject({ state: "stopped", stopped: 4, kept: 0, pid: kernel });
    await gone(kernel);
    await gone(guardian);
    const order = (await Bun.file(join(daemon.env.notes, "stops")).text()).trim().split("\n");
    expect(order.slice(0, 2)).toEqual(["web", "api"]);
    expect(order.slice(2).sort()).toEqual(["cache", "db"]);
    expect(daemon.processes()).toEqual([]);
    await daemon.start();
    for (const name of ["db", "cache", "api", "web"]) await daemon.until(name, "ready");
  });

  test("can leave the services running: the next kernel adopts them", async () => {
    await using daemon = await Daemon.start();
    const hello = `export default { fetch: () => new Response("hello") };`;
    await daemon.deploy({ web: daemon.module("web.ts", hello), job: daemon.shell(runs) });
    const before = daemon.processes().sort();
    const kernel = await daemon.kernel();
    expect(await daemon.client.shutdown({ keep_services: true })).toMatchObject({ kept: 2, stopped: 0 });
    await gone(kernel);
    expect(daemon.processes().sort()).toEqual(before);
    await daemon.start();
    for (const name of ["web", "job"]) {
      expect((await daemon.until(name, "ready")).instances).toMatchObject([{ adopted: true, restarts: 0 }]);
    }
    expect(daemon.processes().sort()).toEqual(before);
    expect(await (await daemon.env.fetch("web")).text()).toBe("hello");
  });

  test("that keeps services calls off a rollout, and leaves the old revision serving", async () => {
    await using daemon = await Daemon.start();
    await daemon.deploy({ web: daemon.shell(runs) });
    const [old] = daemon.processes("web");
    const never = { readiness: { type: "exec" as const, command: ["/bin/false"] } };
    const deploying = daemon.deploy({ web: daemon.shell(`: new; ${runs}`, { health: never }) }).catch((error) => error);
    await waitFor(() => daemon.processes("web").length === 2, { what: "the new instance" });
    const kernel = await daemon.kernel();
    expect(await daemon.client.shutdown({ keep_services: true })).toMatchObject({ kept: 1 });
    await deploying;
    await gone(kernel);
    expect(daemon.processes("web")).toEqual([old ?? 0]);
    await daemon.start();
    expect((await daemon.until("web", "ready")).instances).toMatchObject([{ pid: old, adopted: true }]);
  });

  test("by SIGTERM to the guardian or to the kernel stops everything in order", async () => {
    await using daemon = await Daemon.start();
    for (const whom of ["guardian", "kernel"] as const) {
      await daemon.deploy({ polite: noting(daemon, whom) });
      const pids = { kernel: await daemon.kernel(), guardian: await daemon.guardian() };
      process.kill(pids[whom], "SIGTERM");
      await gone(pids.kernel);
      await gone(pids.guardian);
      expect(daemon.processes()).toEqual([]);
      expect(await Bun.file(join(daemon.env.notes, "stops")).text()).toContain(whom);
      await daemon.start();
    }
  });

  test("while services are being deployed ends the deploys, and nothing is left", async () => {
    await using daemon = await Daemon.start();
    const never = { health: { readiness: { type: "exec" as const, command: ["/bin/false"] } } };
    const deploying = [
      daemon.deploy({ first: daemon.shell(runs, never) }),
      daemon.deploy({ second: daemon.shell(runs, { depends_on: { first: "healthy" } }) }),
      daemon.deploy({ third: daemon.module("third.ts", `console.log("up"); setInterval(() => {}, 1000);`, never) }),
    ].map((deploy) => failure(deploy));
    await waitFor(() => daemon.processes("first").length > 0, { what: "the first process" });
    const kernel = await daemon.kernel();
    expect(await daemon.client.shutdown({})).toMatchObject({ state: "stopped" });
    for (const { code } of await Promise.all(deploying)) {
      expect(["conflict", "unreachable", "invalid_config"]).toContain(code);
    }
    await gone(kernel);
    expect(daemon.processes()).toEqual([]);
  });
});

test("a kernel in the foreground, without a guardian, ends whole trees, reaps orphans, and stops with Ctrl-C", async () => {
  await using daemon = new Daemon();
  const foreground = daemon.env.follow(["start", "--foreground"]);
  const kernel = await daemon.kernel();
  expect(kernel).toBe(foreground.pid);
  const script = `(setsid sh -c 'sleep 0.1; exit 3' &); (setsid sleep 1000 &); while :; do sleep 0.05; done`;
  await daemon.deploy({ tree: daemon.shell(script, { stop_grace_ms: 200 }) });
  const zombies = () => childrenOf(kernel).filter((pid) => readStat(pid)?.state === "Z").length;
  await waitFor(() => daemon.processes("tree").length >= 2 && zombies() === 0, { what: "the orphan to be reaped" });
  await daemon.client.kill({ name: "tree" });
  expect(daemon.processes("tree")).toEqual([]);
  await daemon.deploy({ again: daemon.shell(script, { stop_grace_ms: 200 }) });
  await foreground.stop("SIGINT");
  expect(daemon.processes()).toEqual([]);
});
