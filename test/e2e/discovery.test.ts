import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { Daemon, waitFor } from "../support/index.ts";

/** Services that are found by what they provide, on a real kernel. */

let daemon: Daemon;
beforeAll(async () => {
  daemon = await Daemon.start();
});
afterAll(() => daemon[Symbol.asyncDispose]());

const provides = [{ name: "payments", version: "1.2.0", metadata: { region: "eu" } }];
const serving = `export default { fetch: () => new Response("paid") };`;

async function discover(service_name: string, filters: Record<string, string> = {}) {
  return (await daemon.client.registryDiscover({ service_name, filters })).services;
}

test("what a service declares is found while it runs, with where it answers", async () => {
  await daemon.deploy({ billing: { ...daemon.module("billing.ts", serving), provides, replicas: 2 } });
  const [found, ...others] = await discover("payments", { region: "eu" });
  expect(others).toEqual([]);
  expect(found).toMatchObject({
    ...{ service_id: "billing", version: "1.2.0", metadata: { region: "eu" }, alive: true, source: "declared" },
    expires: null,
  });
  expect(found?.handle).toMatch(/^[0-9a-f]{32}$/);
  expect(found?.instances).toHaveLength(2);
  for (const { port } of found?.instances ?? []) {
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("paid");
  }
  expect(await discover("payments", { region: "us" })).toEqual([]);
  expect((await discover("payments"))[0]?.handle).toBe(found?.handle ?? null);
});

test("a declared name is that service's alone, and is changed by a deploy only", async () => {
  const registered = daemon.client.registryRegister({ service_id: "billing", service_name: "payments" });
  await expect(registered).rejects.toMatchObject({ code: "conflict" });
  const handle = (await discover("payments"))[0]?.handle ?? "";
  await expect(daemon.client.registryUnregister({ handle })).rejects.toMatchObject({ code: "conflict" });
});

test("scaled to nothing or stopped, it is gone; started again, it is back", async () => {
  await daemon.client.kill({ name: "billing" });
  expect(await discover("payments")).toEqual([]);
  await daemon.deploy({ billing: { ...daemon.module("billing.ts", serving), provides } });
  expect(await discover("payments")).toMatchObject([{ alive: true }]);
});

test("those that are alive come first, and one that is not ready is not alive", async () => {
  const failing = `import { defineService } from "solo";
    export default defineService({ health: () => ({ status: "unhealthy" }) });`;
  const spec = { ...daemon.module("apart.ts", failing), provides: [{ name: "payments" }] };
  await daemon.deploy({ apart: spec }, { wait: false });
  expect(await discover("payments")).toMatchObject([
    { service_id: "billing", alive: true },
    { service_id: "apart", alive: false, version: "1.0.0", metadata: {}, instances: [] },
  ]);
  await daemon.client.kill({ name: "apart", force: true });
});

test("one that is registered with a ttl is hidden when that is up", async () => {
  const wanted = { service_id: "elsewhere", service_name: "brief", url: "http://10.0.0.7:9000/" };
  const { handle } = await daemon.client.registryRegister({ ...wanted, ttl_ms: 2_000 });
  await daemon.client.registryRenew({ handle: handle ?? "" });
  await waitFor(async () => (await discover("brief")).length === 0, { what: "the end of a ttl" });
  await expect(daemon.client.registryRenew({ handle: handle ?? "" })).rejects.toMatchObject({ code: "not_found" });
});

test("an instance registers itself, is renewed, and is found by others; it ends with the instance", async () => {
  const shard = `import { defineService } from "solo";
    export default defineService({
      async start(ctx) { await ctx.register("shard", { version: "3.0.0", metadata: { range: "a-f" }, ttl: "1s" }); },
      methods: {
        find: (input, ctx) => ctx.discover("shard", input),
        async leave(_, ctx) { await (await ctx.register("shard")).unregister(); return "gone"; },
      },
    });`;
  await daemon.deploy({ shard: { ...daemon.module("shard.ts", shard), replicas: 2 } });
  const [one, other] = await discover("shard", { range: "a-f" });
  expect(one).toMatchObject({ service_id: "shard", version: "3.0.0", alive: true, source: "registered" });
  expect(new Set([one?.instance, other?.instance]).size).toBe(2);
  // Renewed, it ends later than it would have.
  await waitFor(async () => (await discover("shard")).every(({ expires }) => (expires ?? "") > (one?.expires ?? "")), {
    what: "a renewal",
  });
  expect((await discover("shard"))[0]?.handle).toBe(one?.handle ?? "");
  const call = { name: "shard", method: "find", input: { range: "a-f" } };
  const { output } = await daemon.client.call(call);
  expect(output).toMatchObject([{ service: "shard", name: "shard", alive: true, metadata: { range: "a-f" } }, {}]);
  await daemon.client.call({ name: "shard", method: "leave" });
  expect(await discover("shard")).toHaveLength(1);
  await daemon.client.kill({ name: "shard" });
  expect(await discover("shard")).toEqual([]);
});

test("kernels that come and go leave what is registered, and what instances register", async () => {
  const beat = `import { defineService } from "solo";
    export default defineService({ async start(ctx) { await ctx.register("beat", { ttl: "2s" }); } });`;
  await daemon.deploy({ beat: daemon.module("beat.ts", beat) });
  await daemon.client.registryRegister({ service_id: "far", service_name: "kept", metadata: { a: "b" } });
  const [kept] = await discover("kept");
  await daemon.crashKernel();
  expect(await discover("kept")).toEqual(kept === undefined ? [] : [kept]);
  await waitFor(async () => (await discover("beat"))[0]?.alive, { what: "an instance that is registered again" });
});

test("a token of one service registers that service, and sees and changes no other", async () => {
  const mine = { service_id: "mine", service_name: "tools" };
  const { handle } = await daemon.client.registryRegister({ service_id: "theirs", service_name: "tools" });
  const { token } = await daemon.client.capabilityGrant({
    resource: "service:mine",
    permissions: ["read", "register"],
  });
  const as = async (...args: string[]) => {
    const { stdout, code } = await daemon.env.run(["registry", ...args, "--json"], { env: { SOLO_TOKEN: token } });
    return { code, answer: JSON.parse(stdout) };
  };
  expect(await as("register", "tools", "--service-id", "mine")).toMatchObject({ code: 0, answer: mine });
  expect(await as("register", "tools", "--service-id", "theirs")).toMatchObject({ code: 4 });
  expect(await as("list")).toMatchObject({ code: 0, answer: { services: [mine], total: 1 } });
  for (const verb of ["unregister", "renew"]) expect(await as(verb, handle ?? "")).toMatchObject({ code: 5 });
  expect(await discover("tools")).toHaveLength(2);
});

test("an agent in Python registers, is renewed, finds others, and goes on with the next kernel", async () => {
  const program = join(import.meta.dir, "fixtures/sdk-agent.py");
  const spec = {
    kind: "port" as const,
    command: [program],
    sandbox: { read: [join(import.meta.dir, "../../sdk/python")] },
  };
  await daemon.deploy({ finder: spec });
  const ask = async (method: string, input: unknown) =>
    (await daemon.client.call({ name: "finder", method, input })).output;
  const handle = await ask("register", { name: "toolbox", metadata: { kind: "search" }, ttl: 1 });
  expect(handle).toMatch(/^[0-9a-f]{32}$/);
  const tools = { service: "finder", name: "toolbox", alive: true, metadata: { kind: "search" } };
  expect(await ask("discover", { name: "toolbox", filters: { kind: "search" } })).toEqual([
    expect.objectContaining(tools),
  ]);
  expect(await ask("discover", { name: "toolbox", filters: { kind: "other" } })).toEqual([]);
  expect(await ask("discover", { name: "payments" })).toContainEqual(expect.objectContaining({ service: "billing" }));
  expect(await ask("register", { name: "no name" })).toEqual({ code: "invalid_request" });
  const expiry = async () => (await discover("toolbox"))[0]?.expires ?? "";
  const first = await expiry();
  await waitFor(async () => (await expiry()) > first, { what: "a renewal" });
  await daemon.crashKernel();
  await waitFor(async () => (await discover("toolbox"))[0]?.alive, { what: "the agent with the next kernel" });
  await ask("register", { name: "toolbox", end: true });
  expect(await discover("toolbox")).toEqual([]);
});
