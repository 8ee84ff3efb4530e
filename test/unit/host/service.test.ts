import { expect, test } from "bun:test";
import { HostUnderTest, until, writeProgram } from "./run-host.ts";

const service = (members: string) =>
  writeProgram({ "main.js": `import { defineService } from "solo";\nexport default defineService({ ${members} });\n` });

test("a service starts, answers with its context, and stops", async () => {
  await using host = new HostUnderTest(
    service(`
      start(ctx) { this.started = ctx.service; console.log("start"); },
      fetch(request, ctx) { return Response.json([this.started, ctx.tenant, ctx.instance, ctx.revision, ctx.env.COLOR]); },
      stop(ctx) { console.log("stop", ctx.signal.aborted); },`),
    { env: { COLOR: "red" } },
  );
  expect(await host.message("ready")).toMatchObject({ shape: "service", port: host.port });
  expect(await (await host.fetch("/")).json()).toEqual(["api", "default", "api-1", "r1", "red"]);
  host.signal("SIGTERM");
  expect(await host.exited()).toBe(0);
  expect(host.stdout).toBe("start\nstop true\n");
});

test("a service without fetch serves nothing and stays until it is stopped", async () => {
  await using host = new HostUnderTest(service(""));
  expect(await host.message("ready")).toMatchObject({ shape: "service", port: null });
  await host.message("heartbeat");
  host.signal("SIGTERM");
  expect(await host.exited()).toBe(0);
});

test("a service whose start throws has failed", async () => {
  await using host = new HostUnderTest(service('start() { throw new Error("no database"); }'));
  expect((await host.message("failed")).message).toBe("Error: no database");
  expect(await host.exited()).toBe(70);
});

test("a service whose stop throws exits with 1 and says why", async () => {
  await using host = new HostUnderTest(service('stop() { throw new Error("cannot flush"); }'));
  await host.message("ready");
  host.signal("SIGTERM");
  expect(await host.exited()).toBe(1);
  expect(host.stderr).toContain("cannot flush");
});

test("SIGTERM ends a start that hangs", async () => {
  await using host = new HostUnderTest(
    service('async start() { console.log("starting"); await new Promise(() => {}); }'),
  );
  await until(
    () => host.stdout === "starting\n",
    () => "the start",
  );
  host.signal("SIGTERM");
  expect(await host.exited()).toBe(0);
});

test("a second SIGTERM ends a stop that hangs", async () => {
  await using host = new HostUnderTest(
    service('async stop() { console.log("stopping"); await new Promise(() => {}); }'),
  );
  await host.message("ready");
  host.signal("SIGTERM");
  await until(
    () => host.stdout === "stopping\n",
    () => "the stop",
  );
  host.signal("SIGTERM");
  expect(await host.exited()).toBe(143);
});

test("its signal ends an open stream when it stops", async () => {
  await using host = new HostUnderTest(
    service(`fetch(request, ctx) {
      return new Response(new ReadableStream({ start(c) {
        c.enqueue("open\\n");
        ctx.signal.addEventListener("abort", () => { c.enqueue("bye\\n"); c.close(); });
      } }));
    }`),
  );
  await host.message("ready");
  const answer = await host.fetch("/");
  host.signal("SIGTERM");
  expect(await answer.text()).toBe("open\nbye\n");
  expect(await host.exited()).toBe(0);
});

test("heartbeats carry the service's own health", async () => {
  await using host = new HostUnderTest(service('health: async () => ({ status: "degraded", message: "slow disk" })'));
  expect(await heartbeatWithHealth(host)).toEqual({ status: "degraded", message: "slow disk" });
});

test("a health that throws or answers nonsense is unhealthy", async () => {
  await using throwing = new HostUnderTest(service('health() { throw new Error("gone"); }'));
  await using nonsense = new HostUnderTest(service('health: () => "fine"'));
  expect(await heartbeatWithHealth(throwing)).toEqual({ status: "unhealthy", message: "gone" });
  expect(await heartbeatWithHealth(nonsense)).toMatchObject({ status: "unhealthy" });
});

test("a health that hangs is unhealthy, and asked only once", async () => {
  await using host = new HostUnderTest(service('health() { console.log("asked"); return new Promise(() => {}); }'));
  expect(await heartbeatWithHealth(host)).toMatchObject({ status: "unhealthy" });
  expect(host.stdout).toBe("asked\n");
});

test("log lines are JSON with a level, whatever the fields", async () => {
  await using host = new HostUnderTest(
    service(`start({ log }) {
      const loop = {}; loop.self = loop;
      log.info("one", { ms: 3, level: "x", big: 10n });
      log.debug("two");
      log.warn("three", { error: new Error("inner") });
      log.error("four", { loop });
    }`),
  );
  await host.message("ready");
  const lines = (text: string) =>
    text
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
  expect(lines(host.stdout)).toEqual([
    { level: "info", msg: "one", ms: 3, big: "10" },
    { level: "debug", msg: "two" },
  ]);
  expect(lines(host.stderr)).toMatchObject([
    { level: "warn", msg: "three", error: expect.stringContaining("Error: inner") },
    { level: "error", msg: "four", fields: expect.stringContaining("[Circular]") },
  ]);
});

test("heartbeats come as often as the kernel asks for, which may change its mind", async () => {
  await using host = new HostUnderTest(writeProgram({ "beats.js": "export default { fetch: () => new Response() };" }));
  await host.message("heartbeat");
  host.tell({ type: "pace", interval_ms: 10 });
  // At its own pace it would take minutes.
  await host.message("heartbeat", 200);
  host.tell({ type: "pace", interval_ms: 3_600_000 });
  host.tell({ type: "pace", interval_ms: 5 });
  await host.message("heartbeat", 400);
});

async function heartbeatWithHealth(host: HostUnderTest) {
  const find = () => host.messages.find((message) => message.type === "heartbeat" && message.health !== undefined);
  await until(
    () => find() !== undefined,
    () => "a heartbeat with health",
  );
  const found = find();
  return found?.type === "heartbeat" ? found.health : undefined;
}
