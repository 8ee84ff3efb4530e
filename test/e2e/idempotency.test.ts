import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { GrpcClient } from "../support/grpc-client.ts";
import { freePort, type SoloEnv, soloEnv, waitFor } from "../support/index.ts";

/** The header Idempotency-Key, as a client sees it: over kills of the kernel too. */

const [port, grpcPort] = [freePort(), freePort()];
let env: SoloEnv;
let token: string;
let other: string;
beforeAll(async () => {
  env = soloEnv();
  const variables = { SOLO_HTTP_PORT: String(port), SOLO_LISTEN_PORT: String(grpcPort) };
  (await env.run(["start"], { env: variables })).expect();
  const path = env.write(
    "shop.ts",
    `import { defineService } from "solo";
import { appendFileSync } from "node:fs";
const bought = (what) => appendFileSync(${JSON.stringify(join(env.notes, "bought"))}, what + "\\n");
export default defineService({ methods: {
  buy: ({ what }) => { bought(what); return { bought: what, at: crypto.randomUUID() }; },
  ponder: async ({ what }) => { bought(what); await new Promise(() => {}); },
} });`,
  );
  (await env.run(["deploy", path, "shop", "--allow-write", env.notes])).expect();
  [token, other] = [await grant(), await grant()];
});
afterAll(() => env[Symbol.asyncDispose]());

async function grant(): Promise<string> {
  const args = ["capability", "grant", "--resource", "tenant", "--role", "admin", "--json"];
  return (await env.run(args)).expect().json(z.object({ token: z.string() })).token;
}

/** A request under a key: its status and its documents. */
async function post(path: string, key: string, body: unknown, shown = token) {
  const response = await fetch(`http://127.0.0.1:${port}/v1/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${shown}`, "idempotency-key": key },
    body: JSON.stringify(body),
  });
  const documents = (await response.text()).split("\n").filter((line) => line !== "");
  return { status: response.status, documents: documents.map((line) => JSON.parse(line)) };
}

const buy = (key: string, what: string, shown?: string) =>
  post("services/shop/call", key, { method: "buy", input: { what } }, shown);
const bought = (what: string) =>
  readFileSync(join(env.notes, "bought"), "utf8")
    .split("\n")
    .filter((line) => line === what).length;
const failure = (code: string) => [expect.objectContaining({ error: expect.objectContaining({ code }) })];

async function kernelPid(): Promise<number> {
  return (await env.run(["health", "--json"])).expect().json(z.object({ pid: z.number() })).pid;
}

/** Kills the kernel, and waits for the next one to answer at its port. */
async function replaceKernel(): Promise<void> {
  const pid = await kernelPid();
  process.kill(pid, "SIGKILL");
  await waitFor(async () => (await kernelPid()) !== pid, { what: "the next kernel" });
  await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/v1/version`)).ok, { what: "its port" });
}

describe("a request with a key", () => {
  test("is done once, however often and however close together it is sent, over a kill of the kernel too", async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => buy("four", "tea")));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 200, documents: [{ output: { bought: "tea" } }] });
    expect(bought("tea")).toBe(1);
    await replaceKernel();
    expect([await buy('"four"', "tea")]).toEqual(answers.slice(0, 1));
    expect(bought("tea")).toBe(1);
  });

  test("has a key that is its caller's, and that stands for nothing else", async () => {
    await buy("mine", "milk");
    expect((await buy("mine", "milk", other)).status).toBe(200);
    expect(bought("milk")).toBe(2);
    expect(await buy("mine", "honey")).toEqual({ status: 409, documents: failure("conflict") });
    expect(await post("services/shop/restart", "mine", {})).toEqual({ status: 409, documents: failure("conflict") });
    expect(bought("honey")).toBe(0);
    expect(await buy("two words", "honey")).toEqual({ status: 400, documents: failure("invalid_request") });
  });

  test("gets the last element of a stream of progress again", async () => {
    const first = await post("services/shop/restart", "restart", {});
    expect(first.documents.length).toBeGreaterThan(1);
    const again = await post("services/shop/restart", "restart", {});
    expect(again.documents).toEqual([first.documents.at(-1)]);
    expect(again.documents).toMatchObject([{ type: "result", services: [{ service: "shop" }] }]);
  });

  test("may be tried again when nothing was done", async () => {
    const missing = () => post("services/nothing/kill", "absent", {});
    expect((await missing()).status).toBe(404);
    (await env.run(["deploy", env.write("nothing.ts", `export default { fetch: () => new Response("") };`)])).expect();
    expect((await missing()).status).toBe(200);
  });

  test("of which a kill left open whether it was done says so, and is not done again", async () => {
    const ponder = () => post("services/shop/call", "ponder", { method: "ponder", input: { what: "cake" } });
    const lost = ponder().then(
      () => "answered",
      () => "lost",
    );
    await waitFor(() => bought("cake") === 1, { what: "the call to be under way" });
    await replaceKernel();
    expect(await lost).toBe("lost");
    expect(await ponder()).toEqual({ status: 502, documents: failure("outcome_unknown") });
    expect(bought("cake")).toBe(1);
  });

  test("is answered without its secret when it is repeated", async () => {
    const grantOnce = () => post("capabilities", "grant", { resource: "service:shop", role: "viewer" });
    expect((await grantOnce()).documents).toMatchObject([{ token: expect.stringContaining("solo_cap_") }]);
    expect(await grantOnce()).toEqual({ status: 409, documents: failure("conflict") });
  });
});

const code = (text: string) => `export default { fetch: () => new Response("${text}") };`;

test("the REST interface deploys and stores once under a key", async () => {
  const ask = async (path: string, key: string, body: unknown) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "idempotency-key": key },
      body: JSON.stringify(body),
    });
    return { status: response.status, document: z.looseObject({}).parse(await response.json()) };
  };
  const deploy = (key: string, text: string) => ask("/services", key, { service_id: "rest", code: code(text) });
  const answers = await Promise.all([deploy("rest", "one"), deploy("rest", "one")]);
  const deployed = { status: 201, document: expect.objectContaining({ status: "deployed" }) };
  expect(answers).toEqual([deployed, deployed]);
  expect(await deploy("rest", "one")).toEqual(deployed);
  expect(await deploy("rest", "two")).toMatchObject({ status: 409, document: { error: "conflict" } });
  expect(await deploy("another", "one")).toMatchObject({ status: 409, document: { error: "service_exists" } });
  const stored = await ask("/secrets", "secret", { key: "NAME", value: "value" });
  expect(stored).toMatchObject({ status: 201, document: { version: 1 } });
  expect(await ask("/secrets", "secret", { key: "NAME", value: "value" })).toEqual(stored);
});

test("gRPC does once what has a key in its metadata", async () => {
  await using client = await GrpcClient.connect(`127.0.0.1:${grpcPort}`);
  const call = (method: string, key: string, message: Record<string, unknown>) =>
    client.call({
      method: `solo.v1.SoloKernel/${method}`,
      message,
      metadata: { authorization: `Bearer ${token}`, "idempotency-key": key },
    });
  const deploy = (key: string, text: string) => call("Deploy", key, { service_id: "grpc", code: code(text) });
  const first = await deploy("grpc", "one");
  expect(first).toMatchObject({ code: "OK", messages: [{ service_id: "grpc", status: "ok" }] });
  expect((await deploy("grpc", "one")).messages).toEqual(first.messages);
  expect(await deploy("grpc", "two")).toMatchObject({ code: "ABORTED" });
  expect(await deploy("another", "one")).toMatchObject({ code: "ALREADY_EXISTS" });
  const kill = await call("Kill", "kill", { service_id: "grpc" });
  expect(kill).toMatchObject({ code: "OK" });
  expect((await call("Kill", "kill", { service_id: "grpc" })).messages).toEqual(kill.messages);
  expect(await call("Kill", "no key", { service_id: "grpc" })).toMatchObject({ code: "INVALID_ARGUMENT" });
});
