import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Daemon, failure, gone, waitFor } from "../support/index.ts";

setDefaultTimeout(60_000);

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
});
afterAll(() => daemon[Symbol.asyncDispose]());

const stubborn = `trap '' TERM; echo ready; while :; do sleep 0.02; done`;

describe("a kill", () => {
  test("ends a process that ignores SIGTERM by SIGKILL once its grace is over", async () => {
    await daemon.deploy({ stubborn: daemon.shell(stubborn, { stop_grace_ms: 300 }) });
    const { instances, took_ms } = await daemon.client.kill({ name: "stubborn" });
    expect(instances).toMatchObject([{ exit_code: null, signal: "SIGKILL" }]);
    expect(took_ms).toBeGreaterThanOrEqual(300);
    expect(daemon.processes("stubborn")).toEqual([]);
  });

  test("waits for one that needs its grace, and reports its exit code", async () => {
    const script = `trap 'sleep 0.3; exit 5' TERM; while :; do sleep 0.02; done`;
    await daemon.deploy({ careful: daemon.shell(script) });
    expect((await daemon.client.kill({ name: "careful" })).instances).toMatchObject([{ exit_code: 5, signal: null }]);
  });

  test("with force hurries the graceful one that is under way, and both succeed", async () => {
    await daemon.deploy({ hurried: daemon.shell(stubborn) });
    const graceful = daemon.client.kill({ name: "hurried" });
    await daemon.until("hurried", ({ instances }) => instances[0]?.state === "stopping");
    const forced = await daemon.client.kill({ name: "hurried", force: true });
    expect(forced).toMatchObject({ state: "stopped" });
    expect(forced.took_ms).toBeLessThan(10_000);
    expect((await graceful).instances).toMatchObject([{ signal: "SIGKILL" }]);
  });

  test("with a shorter grace shortens the one that is under way", async () => {
    await daemon.deploy({ shortened: daemon.shell(stubborn) });
    const long = daemon.client.kill({ name: "shortened" });
    await daemon.until("shortened", ({ instances }) => instances[0]?.state === "stopping");
    await daemon.client.kill({ name: "shortened", grace_ms: 50 });
    expect((await long).took_ms).toBeLessThan(10_000);
  });

  test("lets a request in flight be answered, and takes no new one", async () => {
    const arrived = `${daemon.env.notes}/arrived`;
    const code = `export default { async fetch() {
      await Bun.write("${arrived}", ""); await Bun.sleep(300); return new Response("whole");
    } };`;
    await daemon.deploy({ slow: daemon.module("slow.ts", code) });
    const answer = daemon.env.fetch("slow");
    await waitFor(() => Bun.file(arrived).exists(), { what: "the request" });
    const killing = daemon.client.kill({ name: "slow" });
    expect(await (await answer).text()).toBe("whole");
    expect((await killing).instances).toMatchObject([{ exit_code: 0 }]);
    expect((await daemon.env.fetch("slow")).status).toBe(404);
  });

  test("gives a service with a request that never ends its SIGTERM and its grace", async () => {
    const code = `
      process.on("SIGTERM", () => { console.log("asked to stop"); process.exit(9); });
      Bun.serve({ port: Number(process.env.PORT), idleTimeout: 0, fetch: () =>
        new Response(new ReadableStream({ start(controller) { controller.enqueue("begin\\n"); } })) });`;
    await daemon.deploy({ endless: daemon.module("endless.ts", code, { stop_grace_ms: 400 }) });
    const response = await daemon.env.fetch("endless");
    await response.body?.getReader().read();
    const { instances } = await daemon.client.kill({ name: "endless" });
    expect(instances).toMatchObject([{ exit_code: 9, signal: null }]);
    expect(await daemon.logs("endless")).toContain("asked to stop");
  });

  test("of a service that nobody deployed says so", async () => {
    const error = await failure(daemon.client.kill({ name: "nobody" }));
    expect(error).toMatchObject({ code: "not_found", exit: 5 });
  });

  test("of a stopped service is done already", async () => {
    await daemon.deploy({ stopped: daemon.shell("exec sleep 1000") });
    await daemon.client.kill({ name: "stopped" });
    expect(await daemon.client.kill({ name: "stopped" })).toMatchObject({ state: "stopped", instances: [] });
  });
});

describe("nothing is left of a tree", () => {
  test("with grandchildren in sessions of their own and double forks", async () => {
    const script = `setsid sh -c 'trap "" TERM; while :; do sleep 0.05; done' &
      python3 -c '
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True: time.sleep(0.05)
    os._exit(0)
while True: time.sleep(0.05)' &
      sh -c '(sleep 1000 &) ; exit 0'
      while :; do sleep 0.05; done`;
    await daemon.deploy({ family: daemon.shell(script, { stop_grace_ms: 200 }) });
    await waitFor(() => daemon.processes("family").length >= 5, { what: "the whole family" });
    await daemon.client.kill({ name: "family" });
    expect(daemon.processes("family")).toEqual([]);
  });

  test("that forks as fast as it can while it is killed", async () => {
    const script = `exec python3 -c '
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("forking", flush=True)
deadline = time.time() + 60
while time.time() < deadline:
    if os.fork() == 0:
        os.setsid()
        time.sleep(0.01)
        if os.fork() == 0:
            time.sleep(0.3)
        os._exit(0)
    time.sleep(0.002)'`;
    await daemon.deploy({ forker: daemon.shell(script) });
    await waitFor(() => daemon.processes("forker").length >= 10, { what: "some forks" });
    await daemon.client.kill({ name: "forker", force: true });
    expect(daemon.processes("forker")).toEqual([]);
  });

  test("whose root crashed and left its children behind", async () => {
    const script = `setsid sleep 1000 & sleep 0.3; exit 1`;
    await daemon.deploy({ orphans: daemon.shell(script, { restart: { policy: "temporary" } }) });
    await daemon.until("orphans", "failed");
    expect(daemon.processes("orphans")).toEqual([]);
  });
});

describe("a kill meets a deploy", () => {
  const neverReady = () =>
    daemon.shell("exec sleep 1000", {
      health: { readiness: { type: "exec", command: ["/bin/false"] }, grace_ms: 60_000 },
    });

  test("that waits for its first instance: the deploy ends with a conflict, and nothing is left", async () => {
    const deploying = failure(daemon.deploy({ early: neverReady() }));
    await waitFor(() => daemon.processes("early").length > 0, { what: "the process" });
    expect(await daemon.client.kill({ name: "early" })).toMatchObject({ state: "stopped" });
    expect(await deploying).toMatchObject({ code: "conflict", exit: 6 });
    expect((await daemon.status("early")).state).toBe("stopped");
    expect(daemon.processes("early")).toEqual([]);
  });

  test("that waits for a dependency: the next kernel starts all the same", async () => {
    await daemon.deploy({ base: neverReady() }, { wait: false });
    const dependent = daemon.shell("exec sleep 1000", { depends_on: { base: "healthy" } });
    const deploying = failure(daemon.deploy({ dependent }));
    await waitFor(() => daemon.status("dependent").catch(() => undefined), { what: "the service" });
    await daemon.client.kill({ name: "dependent" });
    expect((await deploying).code).toBe("conflict");
    await daemon.client.kill({ name: "base", force: true });
    await daemon.crashKernel();
    expect((await daemon.status("dependent")).state).toBe("stopped");
  });

  test("of a new revision: the old one goes as well", async () => {
    await daemon.deploy({ midway: daemon.shell("exec sleep 1000") });
    const deploying = failure(daemon.deploy({ midway: neverReady() }));
    await daemon.until("midway", ({ instances }) => instances.length === 2);
    const kills = await Promise.all([1, 2, 3].map(() => daemon.client.kill({ name: "midway" })));
    for (const kill of kills) expect(kill.state).toBe("stopped");
    expect((await deploying).code).toBe("conflict");
    expect(daemon.processes("midway")).toEqual([]);
    const starts = (await daemon.events("midway")).filter(({ event }) => event === "instance_started");
    expect(starts.length).toBe(2);
  });
});

test("what a service writes as its last words is kept", async () => {
  await daemon.deploy({ speaker: daemon.shell(`trap 'echo "good night"; exit 0' TERM; while :; do sleep 0.02; done`) });
  const { instances } = await daemon.client.kill({ name: "speaker" });
  expect(await daemon.logs("speaker")).toContain("good night");
  await gone(instances[0]?.pid ?? 0);
});
