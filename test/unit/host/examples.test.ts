import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildArtifact } from "../../../src/deploy/artifact/build-artifact.ts";
import { builder } from "../deploy/artifact/workshop.ts";
import { HostUnderTest, until } from "./run-host.ts";

const artifacts = mkdtempSync(join(tmpdir(), "solo-examples-"));
afterAll(() => rmSync(artifacts, { recursive: true, force: true }));

/** Deploys an example as the kernel does: built first, then run from its artifact. */
async function start(example: string): Promise<HostUnderTest> {
  const path = resolve(import.meta.dir, "../../../examples", example);
  const { entry } = await buildArtifact({ kind: "source", path, env: {} }, artifacts, { builder });
  const host = new HostUnderTest(entry);
  await host.message("ready");
  return host;
}

test("the counter counts, looks, resets and reports its health", async () => {
  await using host = await start("counter/service.ts");
  await host.fetch("/");
  expect(await (await host.fetch("/")).json()).toEqual({ hits: 2, instance: "api-1" });
  await host.fetch("/", { method: "DELETE" });
  expect(await (await host.fetch("/value")).json()).toMatchObject({ hits: 0 });
  expect((await host.fetch("/other")).status).toBe(404);
  expect((await host.message("heartbeat")).health?.status).toBe("healthy");
});

test("the HTTP server serves on its port", async () => {
  await using host = await start("http/server.ts");
  expect(await host.message("ready")).toMatchObject({ shape: "script", port: host.port });
  expect(await (await host.fetch("/")).text()).toBe("hello\n");
});

test("the Hono app answers, echoes and streams", async () => {
  await using host = await start("hono");
  expect(await host.message("ready")).toMatchObject({ shape: "fetch", port: host.port });
  expect(await (await host.fetch("/greet/ada")).json()).toEqual({ greeting: "hello ada" });
  expect(await (await host.fetch("/echo", { method: "POST", body: '{"a":1}' })).json()).toEqual({ a: 1 });
  const reader = (await host.fetch("/ticks")).body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("data: 1\n\n");
  await reader?.cancel();
});

test("the worker works without a port, and ends politely", async () => {
  await using host = await start("worker/worker.ts");
  expect(await host.message("ready")).toMatchObject({ shape: "script", port: null });
  await until(
    () => host.stdout.startsWith("found 2 3 5 7 11\n"),
    () => "the first primes",
  );
  host.signal("SIGTERM");
  expect(await host.exited()).toBe(0);
  expect(host.stdout).toContain("ended before");
});
