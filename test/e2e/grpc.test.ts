import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { z } from "zod";
import { metricsDocumentSchema } from "../../src/api/index.ts";
import { GrpcClient, type GrpcRequest } from "../support/grpc-client.ts";
import { freePort, waitFor } from "../support/index.ts";
import { type SoloEnv, soloEnv } from "../support/solo-env.ts";

/** The gRPC API by what Debian's client sees; see also grpc-hostile and grpc-tls. */

const granted = z.object({ token: z.string() });
const port = freePort();
let env: SoloEnv;
let client: GrpcClient;
let token: string;
beforeAll(async () => {
  env = soloEnv();
  (await env.run(["start"], { env: { SOLO_LISTEN_PORT: String(port) } })).expect();
  client = await GrpcClient.connect(`127.0.0.1:${port}`);
  token = await grant("--resource", "tenant", "--permissions", all);
});
afterAll(async () => {
  await client?.[Symbol.asyncDispose]();
  await env[Symbol.asyncDispose]();
});

const all = "read,logs,deploy,operate,call,state:read,state:write,checkpoint,register,grant";

async function grant(...args: readonly string[]): Promise<string> {
  return (await env.run(["capability", "grant", ...args, "--json"])).expect().json(granted).token;
}

type Asking = Omit<GrpcRequest, "method" | "message"> & { readonly token?: string | null };

function begin(method: string, message: GrpcRequest["message"] = {}, asking: Asking = {}) {
  const { token: shown = token, metadata = {}, ...more } = asking;
  const authorization = shown === null ? {} : { authorization: `Bearer ${shown}` };
  return client.begin({
    method: `solo.v1.SoloKernel/${method}`,
    message,
    ...more,
    metadata: { ...authorization, ...metadata },
  });
}

const ask: (...args: Parameters<typeof begin>) => ReturnType<typeof begin>["result"] = (...args) =>
  begin(...args).result;

async function answer(method: string, message: GrpcRequest["message"], asking?: Asking) {
  const { code, details, messages } = await ask(method, message, asking);
  expect([code, details]).toEqual(["OK", ""]);
  return messages[0] ?? {};
}

async function refusal(method: string, message: GrpcRequest["message"], asking?: Asking) {
  const { code, details, statusDetails } = await ask(method, message, asking);
  return { code, details, statusDetails };
}

const code = (text: string) =>
  `export default { fetch: () => { console.log("asked"); return new Response("${text}"); } };`;
const json = (payload: unknown) => JSON.parse(Buffer.from(String(payload), "base64").toString());
const bytes = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64");

describe("services", () => {
  test("come from code, are told of, updated and ended", async () => {
    const made = await answer("Deploy", { service_id: "web", code: code("one"), format: "TYPESCRIPT" });
    expect(made).toMatchObject({ service_id: "web", status: "ok", error: "", revision: expect.any(String) });
    expect(await (await env.fetch("web")).text()).toBe("one");
    expect(await refusal("Deploy", { service_id: "web", code: code("two") })).toMatchObject({ code: "ALREADY_EXISTS" });

    const status = await answer("Status", { service_id: "web" });
    expect(status).toMatchObject({
      service_id: "web",
      alive: true,
      state: "ready",
      tenant: "default",
      reductions: "0",
    });
    expect(Number(status.memory_bytes)).toBeGreaterThan(1_000_000);
    expect(await answer("List", {})).toEqual({ services: [{ service_id: "web", alive: true, state: "ready" }] });

    const stale = await refusal("Update", { service_id: "web", code: code("two"), if_updated_ms: 1 });
    expect(stale).toMatchObject({ code: "ABORTED", statusDetails: [{ reason: "CONFLICT" }, {}] });
    const seen = { if_updated_ms: status.updated_ms };
    const updated = await answer("Update", { service_id: "web", code: code("two"), format: "JAVASCRIPT", ...seen });
    expect(updated).toMatchObject({ status: "ok", changed: true });
    expect(updated.revision).not.toBe(made.revision);
    expect(await (await env.fetch("web")).text()).toBe("two");

    expect(await answer("Kill", { service_id: "web" })).toEqual({ service_id: "web", status: "ok", error: "" });
    expect(await answer("Status", { service_id: "web" })).toMatchObject({ alive: false, state: "stopped" });
    expect(await answer("Deploy", { service_id: "web", code: code("three") })).toMatchObject({ status: "ok" });
  });

  test("keep their number of instances through an update", async () => {
    await answer("Deploy", { service_id: "pair", code: code("one") });
    (await env.run(["scale", "pair", "2"])).expect();
    await answer("Update", { service_id: "pair", code: code("two") });
    expect(await answer("Status", { service_id: "pair" })).toMatchObject({ replicas: 2, ready: 2 });
  });

  const refusals: [what: string, method: string, message: GrpcRequest["message"], code: string, says: RegExp][] = [
    [
      "source of the predecessor",
      "Deploy",
      { service_id: "x", code: "1", format: "ELIXIR_SOURCE" },
      "INVALID_ARGUMENT",
      /ELIXIR_SOURCE is not run here/,
    ],
    ["a format of the future", "Deploy", { service_id: "x", code: "1", format: 77 }, "INVALID_ARGUMENT", /format/],
    ["no code", "Deploy", { service_id: "x" }, "INVALID_ARGUMENT", /code/],
    ["code with a mistake", "Deploy", { service_id: "x", code: "let let" }, "INVALID_ARGUMENT", /./],
    ["code that does not start", "Deploy", { service_id: "x", code: "process.exit(3)" }, "FAILED_PRECONDITION", /./],
    ["a bad name", "Status", { service_id: "a b" }, "INVALID_ARGUMENT", /service_id/],
    ["an unknown service", "Status", { service_id: "nobody" }, "NOT_FOUND", /nobody/],
    ["an update of nothing", "Update", { service_id: "nobody", code: "1" }, "NOT_FOUND", /nobody/],
  ];
  test.each(refusals)("refuse %s", async (_, method, message, wanted, says) => {
    const { code, details } = await ask(method, message);
    expect(code).toBe(wanted);
    expect(details).toMatch(says);
  });
});

describe("watch", () => {
  test("tells what happened and goes on with what happens, with real times and names", async () => {
    const begun = Date.now();
    await answer("Deploy", { service_id: "seen", code: code("x") });
    const watch = begin("Watch", { service_id: "seen" });
    const find = (type: string) => watch.messages.find((event) => event.event_type === type);
    const ready = await waitFor(() => find("instance_ready"), { what: "history" });
    expect(ready.subject).toMatch(/^default\/seen\/seen-/);
    expect(Number(ready.timestamp)).toBeWithin(begun, Date.now() + 1);
    expect(Number(ready.causation_id)).toBeGreaterThan(0);
    expect(json(ready.payload)).toMatchObject({ pid: expect.any(Number) });

    await answer("Kill", { service_id: "seen" });
    const killed = await waitFor(() => find("service_killed"), { what: "a live event" });
    expect(killed.subject).toBe("default/seen");

    const later = await ask("Watch", { service_id: "seen", since_id: ready.id, history_only: true });
    expect(later.code).toBe("OK");
    expect(later.messages.every((event) => Number(event.id) > Number(ready.id))).toBe(true);
    expect(later.messages.map((event) => event.event_type)).toContain("service_killed");
  });

  test("tells what a service prints only on demand", async () => {
    await answer("Deploy", { service_id: "loud", code: code("x") });
    const [with_, without] = [
      begin("Watch", { service_id: "loud", include_logs: true }),
      begin("Watch", { service_id: "loud" }),
    ];
    await waitFor(() => with_.messages.length > 0 && without.messages.length > 0, { what: "both to begin" });
    const line = await waitFor(
      async () => {
        await env.fetch("loud");
        return with_.messages.find((event) => event.event_type === "service_log");
      },
      { what: "a line" },
    );
    expect(line).toMatchObject({ id: "0", subject: expect.stringMatching(/^default\/loud\/loud-/) });
    expect(json(line.payload)).toEqual({ stream: "stdout", level: "info", message: "asked" });
    await answer("Kill", { service_id: "loud" });
    const isKilled = (event: Readonly<Record<string, unknown>>) => event.event_type === "service_killed";
    await waitFor(() => without.messages.some(isKilled), { what: "its end" });
    expect(without.messages.some((event) => event.event_type === "service_log")).toBe(false);
    expect(await refusal("Watch", { include_logs: true })).toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  test("ends at the client's deadline, and when the client calls it off", async () => {
    expect(await refusal("Watch", {}, { timeout_s: 0.5 })).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(await refusal("Watch", {}, { cancel_after: 1 })).toMatchObject({ code: "CANCELLED" });
    // Each holds one of the hundred places that a tenant has, until it has ended here as well.
    for (let round = 0; round < 3; round++) {
      const watches = Array.from({ length: 50 }, () => ask("Watch", {}, { cancel_after: 1 }));
      expect((await Promise.all(watches)).map((watch) => watch.code)).toEqual(Array(50).fill("CANCELLED"));
    }
  });

  test("gives a deploy no longer than the client waits", async () => {
    const slow = `setTimeout(() => Bun.serve({ port: process.env.PORT, fetch: () => new Response("late") }), 1500);`;
    const late = await refusal("Deploy", { service_id: "slow", code: slow }, { timeout_s: 0.5 });
    expect(late.code).toBe("DEADLINE_EXCEEDED");
  });
});

describe("state", () => {
  test("is set, read, scanned and deleted, on conditions", async () => {
    await answer("Deploy", { service_id: "kept", code: code("x") });
    const target = { service_id: "kept" };
    const { version } = await answer("SetState", { ...target, key: "a", value: bytes({ n: 1 }), if_version: 0 });
    await answer("SetState", { ...target, key: "b", value: bytes([2]) });
    const entry = await answer("GetState", { ...target, key: "a" });
    expect([json(entry.value), entry.version]).toEqual([{ n: 1 }, version]);
    const wrong = await refusal("SetState", { ...target, key: "a", value: bytes(2), if_version: 0 });
    expect(wrong).toMatchObject({
      code: "ABORTED",
      statusDetails: [{ reason: "CONFLICT", metadata: { key: "a" } }, {}],
    });
    const scanned = await ask("ScanState", { ...target, after: "a" });
    expect(scanned.messages.map(({ key, value }) => [key, json(value)])).toEqual([["b", [2]]]);
    expect(await refusal("SetState", { ...target, key: "a", value: "AP8=" })).toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    expect(await answer("DeleteState", { ...target, key: "b" })).toEqual({ deleted: true });
    expect(await refusal("GetState", { ...target, key: "b" })).toMatchObject({ code: "NOT_FOUND" });
  });

  test("goes back to a checkpoint", async () => {
    await answer("Deploy", { service_id: "back", code: code("x") });
    const target = { service_id: "back" };
    await answer("SetState", { ...target, key: "a", value: bytes(1) });
    const made = await answer("CreateCheckpoint", target);
    await answer("SetState", { ...target, key: "a", value: bytes(2) });
    expect((await answer("ListCheckpoints", target)).checkpoints).toContainEqual(made);
    const restored = await answer("RestoreCheckpoint", { ...target, id: made.id });
    expect(restored).toMatchObject({ service_id: "back", checkpoint: made.id, state: "ready" });
    expect(json((await answer("GetState", { ...target, key: "a" })).value)).toBe(1);
    expect(await refusal("RestoreCheckpoint", target)).toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

describe("the registry", () => {
  test("has what is registered, by name and metadata, for its time", async () => {
    const made = await answer("RegisterService", {
      service_id: "db-1",
      service_name: "db",
      version: "2.1.0",
      metadata: { zone: "a", role: "first" },
      ttl_seconds: 60,
    });
    expect(made).toEqual({ registered: true, service_handle: expect.stringMatching(/^[0-9a-f]{32}$/), error: "" });
    await answer("RegisterService", { service_id: "db-2", service_name: "db", metadata: { zone: "b" } });
    const found = await answer("DiscoverService", { service_name: "db", filters: { zone: "a", role: "first" } });
    expect(found.services).toEqual([
      {
        service_id: "db-1",
        service_handle: made.service_handle,
        service_name: "db",
        version: "2.1.0",
        alive: true,
        metadata: { zone: "a", role: "first" },
      },
    ]);
    expect(await answer("DiscoverService", { service_name: "db", filters: { zone: "a", role: "last" } })).toEqual({
      services: [],
    });
    expect(await answer("GetServices", { service_name: "db" })).toMatchObject({ total_count: "2" });
    expect(await refusal("RegisterService", { service_id: "x", service_name: "x", ttl_seconds: -1 })).toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });
});

describe("who asks", () => {
  test("has the tenant of the token, and no other", async () => {
    const acme = await grant("--resource", "tenant", "--tenant", "acme", "--permissions", all);
    await answer("Deploy", { service_id: "theirs", code: code("x") }, { token: acme });
    expect(await answer("List", {}, { token: acme })).toMatchObject({ services: [{ service_id: "theirs" }] });
    expect(JSON.stringify(await answer("List", {}))).not.toContain("theirs");
    const other = { token: acme, metadata: { "x-tenant-id": "default" } };
    expect(await refusal("List", {}, other)).toMatchObject({ code: "PERMISSION_DENIED" });

    const every = await grant("--resource", "*", "--permissions", "read");
    expect(await refusal("List", {}, { token: every })).toMatchObject({ code: "INVALID_ARGUMENT" });
    const named = { token: every, metadata: { "x-tenant-id": "acme" } };
    expect(await answer("List", {}, named)).toMatchObject({ services: [{ service_id: "theirs" }] });
    expect(await refusal("List", {}, { token: every, metadata: { "x-tenant-id": "a b" } })).toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  test("needs a token that is good for it", async () => {
    expect(await refusal("List", {}, { token: null })).toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await refusal("List", {}, { token: "nonsense" })).toMatchObject({ code: "UNAUTHENTICATED" });
    const reader = await grant("--resource", "tenant", "--permissions", "read");
    const denied = await refusal("Kill", { service_id: "web" }, { token: reader });
    expect(denied).toMatchObject({
      code: "PERMISSION_DENIED",
      details: expect.stringContaining("operate"),
      statusDetails: [
        {
          type: "google.rpc.ErrorInfo",
          reason: "FORBIDDEN",
          domain: "solo",
          metadata: { permission: "operate", exit: "4" },
        },
        { type: "google.rpc.RequestInfo" },
      ],
    });
  });

  test("is told when a limit lets it on", async () => {
    const limited = await grant("--resource", "tenant", "--permissions", "read", "--rate", "1");
    const asked = await Promise.all(Array.from({ length: 5 }, () => ask("List", {}, { token: limited })));
    const refused = asked.find(({ code }) => code === "RESOURCE_EXHAUSTED");
    expect(refused?.statusDetails).toContainEqual({ type: "google.rpc.RetryInfo", retry_ms: expect.any(Number) });
  });

  test("gets and ends tokens", async () => {
    const made = await answer("GrantCapability", { resource: "service:web", permissions: ["read"], ttl_ms: 60_000 });
    expect(Number(made.expires_ms)).toBeGreaterThan(Date.now());
    const asking = { token: String(made.token) };
    expect(await answer("Status", { service_id: "web" }, asking)).toMatchObject({ service_id: "web" });
    expect(await answer("RevokeCapability", { id: made.id })).toEqual({ revoked: [made.id] });
    expect(await refusal("Status", { service_id: "web" }, asking)).toMatchObject({ code: "UNAUTHENTICATED" });
    expect(await refusal("GrantCapability", { resource: "tenant", role: "king" })).toMatchObject({
      code: "INVALID_ARGUMENT",
      statusDetails: [{}, {}, { type: "google.rpc.BadRequest", field: "role" }],
    });
  });

  test("names its call, also in the audit trail", async () => {
    const { initial } = await ask("List", {}, { metadata: { "x-request-id": "mine-1" } });
    expect(initial).toMatchObject({ "x-request-id": "mine-1", "solo-version": expect.any(String) });
    await ask("Kill", { service_id: "web" }, { metadata: { "x-request-id": "mine-2" } });
    const trail = (await env.run(["audit", "list", "--json"])).expect().stdout;
    expect(trail).toContain("mine-2");
  });
});

describe("what is standard", () => {
  test("is health, open to all", async () => {
    const check = (service: string) => client.call({ method: "grpc.health.v1.Health/Check", message: { service } });
    expect((await check("")).messages).toEqual([{ status: "SERVING" }]);
    expect((await check("solo.v1.SoloKernel")).messages).toEqual([{ status: "SERVING" }]);
    expect((await check("other")).code).toBe("NOT_FOUND");
    const watch = await client.call({
      method: "grpc.health.v1.Health/Watch",
      message: { service: "other" },
      cancel_after: 1,
    });
    expect(watch).toMatchObject({ code: "CANCELLED", messages: [{ status: "SERVICE_UNKNOWN" }] });
  });

  test("is reflection, in both versions", async () => {
    await using older = await GrpcClient.connect(`127.0.0.1:${port}`, { version: "v1alpha" });
    expect(older.services).toEqual(client.services);
    expect(await older.methods()).toEqual(await client.methods());
  });
});

test("every method answers empty and malformed input with a word about it", async () => {
  const methods = await client.methods();
  expect(methods.length).toBeGreaterThan(20);
  const metadata = { authorization: `Bearer ${token}` };
  const inputs = [
    new Uint8Array(),
    Uint8Array.of(0x0a, 0xff),
    Uint8Array.of(0x0a, 2, 0xc3, 0x28),
    crypto.getRandomValues(new Uint8Array(64)),
  ];
  const calls = methods
    .filter((method) => !method.startsWith("grpc.reflection"))
    .flatMap((method) => inputs.map((raw) => ({ method, raw, metadata, timeout_s: 2 })));
  const ends = await Promise.all(calls.map(async (call) => `${call.method} ${(await client.call(call)).code}`));
  expect(ends.filter((end) => / (UNKNOWN|INTERNAL|CLIENT_FAILED|UNAVAILABLE|)$/.test(end))).toEqual([]);
});

test("a kernel that is shut down has kept what it acknowledged, and tells those that watch it", async () => {
  await using other = soloEnv();
  const listen = { env: { SOLO_LISTEN_PORT: String(freePort()) } };
  (await other.run(["start"], listen)).expect();
  const args = ["capability", "grant", "--resource", "*", "--role", "admin", "--json"];
  const authorization = `Bearer ${(await other.run(args)).expect().json(granted).token}`;
  const metadata = { authorization, "x-tenant-id": "default" };
  await using its = await GrpcClient.connect(`127.0.0.1:${listen.env.SOLO_LISTEN_PORT}`);
  const call = (name: string, message: object) =>
    its.begin({ method: `solo.v1.SoloKernel/${name}`, message: { ...message }, metadata });
  await call("Deploy", { service_id: "s", code: `process.on("SIGTERM", () => {}); ${code("x")}` }).result;
  await call("SetState", { service_id: "s", key: "k", value: bytes(7) }).result;
  const watch = call("Watch", {});
  await waitFor(() => watch.messages.length > 0, { what: "the watch" });
  const ended = await call("Shutdown", { grace_period_ms: 300 }).result;
  expect(ended).toMatchObject({ code: "OK", messages: [{ status: "ok" }] });
  expect((await watch.result).code).toBe("UNAVAILABLE");
  expect(
    (await other.run(["state", "get", "s", "k", "--json"])).expect().json(z.looseObject({ value: z.int() })).value,
  ).toBe(7);
});

test("a port that another program has is told and taken once it is free", async () => {
  using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  await using other = soloEnv();
  (await other.run(["start"], { env: { SOLO_LISTEN_PORT: String(taken.port) } })).expect();
  const health = async () => (await other.run(["health"])).stdout;
  expect(await health()).toContain("solo.listen_port names another one");
  taken.stop(true);
  await waitFor(async () => (await health()).includes(`grpc: listens on 127.0.0.1:${taken.port}`), {
    what: "the port",
  });
});

test("every call is measured, with the status that it ended with", async () => {
  expect(await refusal("Status", { service_id: "nobody" })).toMatchObject({ code: "NOT_FOUND" });
  const measured = async () => {
    const { stdout } = (await env.run(["metrics", "--all-tenants", "--json"])).expect();
    const { families } = metricsDocumentSchema.parse(JSON.parse(stdout));
    const family = families.find(({ name }) => name === "solo_grpc_request_duration_seconds");
    return family?.samples.find(({ labels }) => labels.method === "Status" && labels.code === "NOT_FOUND");
  };
  const sample = await waitFor(measured, { what: "the call to be measured" });
  expect(sample.value).toBeGreaterThan(0);
});
