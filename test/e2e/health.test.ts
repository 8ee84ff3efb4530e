import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { Daemon, failure, waitFor } from "../support/index.ts";

setDefaultTimeout(60_000);

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
});
afterAll(() => daemon[Symbol.asyncDispose]());

const flag = (name: string) => join(daemon.env.notes, name);
const exists = (name: string) => ({
  type: "exec" as const,
  command: ["/usr/bin/test", "-e", flag(name)],
  interval_ms: 30,
});
const set = (name: string) => Bun.write(flag(name), "");
const unset = (name: string) => Bun.$`rm -f ${flag(name)}`.quiet();
const pidOf = async (name: string) => (await daemon.status(name)).instances[0]?.pid ?? 0;
const hello = `export default { fetch: () => new Response("hello") };`;

describe("readiness", () => {
  test("decides whether requests come in: by exec, back and forth, without a restart", async () => {
    await set("gate");
    await daemon.deploy({ gated: daemon.module("gated.ts", hello, { health: { readiness: exists("gate") } }) });
    const pid = await pidOf("gated");
    expect(await (await daemon.env.fetch("gated")).text()).toBe("hello");
    await unset("gate");
    const closed = await daemon.until("gated", "unhealthy");
    expect(closed.instances[0]?.reason).toContain("readiness probe failed: exit 1");
    expect(closed.health).toMatchObject({
      status: "unhealthy",
      probes: [{ probe: "readiness", type: "exec", ok: false }],
    });
    const waiting = daemon.env.fetch("gated");
    await set("gate");
    expect(await (await waiting).text()).toBe("hello");
    expect((await daemon.until("gated", "ready")).instances).toMatchObject([{ pid, restarts: 0, reason: null }]);
  });

  test("by http and tcp waits for the program's own port", async () => {
    const slow = `await Bun.sleep(300);
      Bun.serve({ port: Number(process.env.PORT), fetch: (request) =>
        new Response(null, { status: new URL(request.url).pathname === "/up" ? 204 : 500 }) });`;
    const http = { readiness: { type: "http" as const, target: "/up" } };
    const tcp = { readiness: { type: "tcp" as const, port: 0 } };
    const wrong = { readiness: { type: "http" as const, target: "/down" }, grace_ms: 900 };
    const path = daemon.env.write("slow.ts", slow);
    const results = await daemon.deploy({
      http: { kind: "source", path, health: http },
      tcp: { kind: "source", path, health: tcp },
    });
    expect(results.map(({ state }) => state)).toEqual(["ready", "ready"]);
    const error = await failure(daemon.deploy({ wrong: { kind: "source", path, health: wrong } }));
    expect(error.code).toBe("start_failed");
    expect(error.message).toContain("did not get ready within 900 ms (readiness probe: HTTP 500)");
    expect(daemon.processes("wrong")).toEqual([]);
  });

  test("needs as many answers in a row as its thresholds say", async () => {
    await set("steps");
    const tally = flag("tally");
    const command = ["/bin/sh", "-c", `echo x >> ${tally}; test -e ${flag("steps")}`];
    const readiness = { type: "exec" as const, command, interval_ms: 20, success_threshold: 4, failure_threshold: 5 };
    await daemon.deploy({ steps: daemon.shell("exec sleep 1000", { health: { readiness } }) });
    const count = async () => (await Bun.file(tally).text()).split("\n").length - 1;
    expect(await count()).toBeGreaterThanOrEqual(4);
    await unset("steps");
    const { health } = await daemon.until("steps", "unhealthy");
    expect(health.probes[0]?.consecutive).toBeGreaterThanOrEqual(5);
  });
});

describe("liveness", () => {
  test("restarts a program that no longer answers", async () => {
    await set("alive");
    const health = { liveness: { ...exists("alive"), failure_threshold: 2 } };
    await daemon.deploy({ living: daemon.shell("exec sleep 1000", { health }) });
    const pid = await pidOf("living");
    await unset("alive");
    await daemon.until("living", ({ restarts }) => restarts >= 1);
    await set("alive");
    const status = await daemon.until(
      "living",
      ({ state, instances }) => state === "ready" && instances[0]?.pid !== pid,
    );
    expect(status.last_exit?.reason).toContain("liveness probe failed: exit 1");
    expect(daemon.processes("living")).toEqual([status.instances[0]?.pid ?? 0]);
  });

  test("is not asked before the service was ready once: a slow start has its grace", async () => {
    const port = `python3 -c '
import http.server, os, time
time.sleep(1)
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), http.server.SimpleHTTPRequestHandler).serve_forever()' $PORT`;
    const probe = { type: "http" as const, target: "/", interval_ms: 50, failure_threshold: 2 };
    await daemon.deploy({ slowly: daemon.shell(`exec ${port}`, { health: { readiness: probe, liveness: probe } }) });
    expect(await daemon.status("slowly")).toMatchObject({ state: "ready", restarts: 0 });
  });

  test("by heartbeat restarts a service whose event loop stands still, and leaves a computing script alone", async () => {
    const block = (shape: string) => `const until = (flag: string) => { while (!require("fs").existsSync(flag)); };
      ${shape}`;
    const fetchShape = block(`export default { fetch(request: Request) {
      if (new URL(request.url).pathname === "/hang") while (true);
      return new Response("up");
    } };`);
    const service = `import { defineService } from "solo";
      export default defineService({ fetch(request) {
        if (new URL(request.url).pathname === "/hang") while (true);
        return new Response("up");
      } });`;
    const script = `setTimeout(() => { const end = Date.now() + 8_000; while (Date.now() < end); console.log("computed"); }, 50);
      setInterval(() => {}, 1000);`;
    await daemon.deploy({
      hangs: daemon.module("hangs.ts", fetchShape, { stop_grace_ms: 100 }),
      stuck: daemon.module("stuck.ts", service, { stop_grace_ms: 100 }),
      frozen: daemon.module("frozen.ts", hello, { stop_grace_ms: 100 }),
      script: daemon.module("script.ts", script),
    });
    const scriptPid = await pidOf("script");
    const pending = ["hangs", "stuck"].map((name) => daemon.env.fetch(name, "/hang").catch(() => undefined));
    process.kill(await pidOf("frozen"), "SIGSTOP");
    for (const name of ["hangs", "stuck", "frozen"]) {
      const status = await daemon.until(name, ({ state, restarts }) => state === "ready" && restarts === 1);
      expect(status.last_exit?.reason).toMatch(/no heartbeat for \d/);
      expect((await daemon.env.fetch(name)).status).toBe(200);
    }
    await Promise.all(pending);
    await waitFor(async () => (await daemon.logs("script")).includes("computed"), {
      what: "the script",
      deadlineMs: 20_000,
    });
    expect((await daemon.status("script")).instances).toMatchObject([{ pid: scriptPid, restarts: 0, state: "ready" }]);
  });

  test("by heartbeat restarts a service that hangs before it has found the next kernel", async () => {
    const hang = `export default { fetch: ({ url }) => {
      if (url.endsWith("/hang")) Bun.sleepSync(1_000_000);
      return new Response("hello");
    } };`;
    await daemon.deploy({
      hung: daemon.module("hung.ts", hang, { stop_grace_ms: 100 }),
      idle: daemon.module("idle.ts", "setInterval(() => {}, 1000);", { stop_grace_ms: 100 }),
    });
    const idle = await pidOf("idle");
    process.kill(idle, "SIGSTOP");
    const ask = (path: string) =>
      daemon.env.fetch("hung", path, { signal: AbortSignal.timeout(300) }).catch(() => null);
    await ask("/hang");
    await waitFor(async () => (await ask("/")) === null, { what: "the service to hang" });
    await daemon.crashKernel();
    const status = await daemon.until("hung", ({ state, restarts }) => state === "ready" && restarts === 1);
    expect(status.last_exit?.reason).toMatch(/no heartbeat for \d/);
    // A script may stand still for as long as it likes.
    expect((await daemon.status("idle")).instances).toMatchObject([{ pid: idle, restarts: 0 }]);
    process.kill(idle, "SIGCONT");
  });

  test("a kernel that stood still for seven seconds restarts nobody for it", async () => {
    const probe = { type: "tcp" as const, port: 0, interval_ms: 50, timeout_ms: 200, failure_threshold: 1 };
    await daemon.deploy({
      steady: daemon.module("steady.ts", hello),
      probed: daemon.module("probed.ts", hello, { health: { readiness: probe, liveness: probe } }),
    });
    const pids = [await pidOf("steady"), await pidOf("probed")];
    const kernel = await daemon.kernel();
    process.kill(kernel, "SIGSTOP");
    await Bun.sleep(7_000);
    process.kill(kernel, "SIGCONT");
    const beats = (await daemon.events()).length;
    const answers = async () => (await daemon.status("probed")).health.probes[0]?.consecutive ?? 0;
    const begin = await answers();
    await waitFor(async () => (await answers()) > begin + 30, { what: "thirty more answers" });
    for (const [index, name] of ["steady", "probed"].entries()) {
      expect((await daemon.status(name)).instances).toMatchObject([{ pid: pids[index], restarts: 0, state: "ready" }]);
    }
    expect((await daemon.events()).slice(beats).filter(({ event }) => event === "instance_unhealthy")).toEqual([]);
  });
});

describe("startup", () => {
  test("holds back the other probes, and its grace tells what was seen last", async () => {
    const startup = exists("started");
    const liveness = { ...exists("never"), failure_threshold: 1_000 };
    const deploying = daemon.deploy({ starts: daemon.shell("exec sleep 1000", { health: { startup, liveness } }) });
    const early = await waitFor(
      async () => {
        const { health } = await daemon.status("starts");
        return (health.probes[0]?.consecutive ?? 0) > 5 ? health.probes : undefined;
      },
      { what: "some attempts" },
    );
    expect(early.map(({ probe }) => probe)).toEqual(["startup"]);
    await set("started");
    expect((await deploying)[0]?.state).toBe("ready");
    const grace = { health: { startup: exists("nothing"), grace_ms: 300 } };
    const error = await failure(daemon.deploy({ late: daemon.shell("exec sleep 1000", grace) }));
    expect(error.message).toBe("late did not get ready within 300 ms (startup probe: exit 1)");
  });

  test("a heartbeat may be any of the three", async () => {
    const probe = { type: "heartbeat" as const, timeout_ms: 3_000 };
    const health = { startup: probe, readiness: probe, liveness: probe };
    const [result] = await daemon.deploy({ beats: daemon.module("beats.ts", hello, { health }) });
    expect(result?.state).toBe("ready");
    const error = await failure(
      daemon.deploy({ mute: daemon.shell("exec sleep 1000", { health: { liveness: probe } }) }),
    );
    expect(error).toMatchObject({ code: "invalid_config", exit: 2 });
  });
});

describe("a service's own health()", () => {
  const source = () => `import { defineService } from "solo";
    import { existsSync } from "node:fs";
    export default defineService({
      fetch: () => new Response("served"),
      health() {
        if (existsSync("${flag("ill")}")) return { status: "unhealthy", message: "no disk" };
        if (existsSync("${flag("weak")}")) return { status: "degraded", message: "cache is cold" };
        return { status: "healthy" };
      },
    });`;

  test("degraded is shown and served, unhealthy gets no traffic, and neither is restarted", async () => {
    await daemon.deploy({ feels: daemon.module("feels.ts", source()) });
    const pid = await pidOf("feels");
    await set("weak");
    const weak = await daemon.until("feels", "degraded");
    expect(weak.instances[0]?.reason).toBe("cache is cold");
    expect(weak.health.status).toBe("degraded");
    expect(await (await daemon.env.fetch("feels")).text()).toBe("served");
    await set("ill");
    const ill = await daemon.until("feels", "unhealthy");
    expect(ill.instances[0]?.reason).toBe("no disk");
    const waiting = daemon.env.fetch("feels");
    await unset("ill");
    await unset("weak");
    expect(await (await waiting).text()).toBe("served");
    expect((await daemon.until("feels", "ready")).instances).toMatchObject([{ pid, restarts: 0 }]);
  });

  test("a service that is unhealthy from its start does not get ready", async () => {
    await set("ill");
    const health = { grace_ms: 800 };
    const error = await failure(daemon.deploy({ born: daemon.module("born.ts", source(), { health }) }));
    await unset("ill");
    expect(error.code).toBe("start_failed");
    expect(error.message).toContain("no disk");
  });
});
