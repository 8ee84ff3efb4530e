import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type SoloApi, SoloError } from "../../src/api/index.ts";
import type { ForegroundKernel } from "../../src/cli/index.ts";
import { createClient, remoteTransport, socketTransport } from "../../src/client/index.ts";
import { kernelDoor } from "../../src/compose.ts";
import { loadConfig } from "../../src/config/index.ts";
import { build } from "../../src/system/index.ts";
import { type SoloEnv, soloEnv, startTlsProxy, type TlsProxy } from "../support/index.ts";

/** One kernel over every transport: each operation must answer the same, documents, streams and failures alike. */

let env: SoloEnv;
let kernel: ForegroundKernel;
let proxy: TlsProxy;
const apis = new Map<string, SoloApi>();

beforeAll(async () => {
  env = soloEnv();
  const { root, dataDir, ingressPort } = env;
  const flags = { "data-dir": dataDir, "ingress-port": String(ingressPort) };
  const config = await loadConfig({ cwd: root, env: env.env, flags });
  kernel = await kernelDoor.openKernel({ config, flags: [] });
  const socketPath = join(dataDir, "solo.sock");
  proxy = await startTlsProxy(socketPath);
  const context = { name: "far", ca: proxy.file("ca.pem"), token_file: proxy.file("token") };
  const tls = await remoteTransport({ ...context, url: `https://localhost:${proxy.port}` });
  apis.set("in-process", kernel);
  apis.set("unix socket", createClient(socketTransport(socketPath), build.id));
  apis.set("unix socket by another build", createClient(socketTransport(socketPath), "another build"));
  apis.set("TLS", createClient(tls, build.id));
});

afterAll(async () => {
  await kernel.close();
  await proxy[Symbol.asyncDispose]();
  await env[Symbol.asyncDispose]();
});

const source = `console.log("one"); console.error("two"); export default { fetch: () => new Response("here") };`;
const service = (path: string, name = "web") => ({ name, spec: { kind: "source", path } }) as const;

/** Every operation in an order that makes sense, each in a tenant of the transport's own. */
const calls: [what: string, call: (api: SoloApi, tenant: string) => Promise<unknown>][] = [
  ["version", (api) => api.version({})],
  ["list of nothing", (api, tenant) => api.list({ tenant })],
  ["status of nobody", (api, tenant) => api.status({ tenant, name: "nobody" })],
  ["status of no name", (api, tenant) => api.status({ tenant, name: "../x?y=%00" })],
  ["logs of nobody", (api, tenant) => all(() => api.logs({ tenant, name: "nobody" }))],
  ["logs from no cursor", (api, tenant) => all(() => api.logs({ tenant, name: "web", since_cursor: "here" }))],
  ["dry run", (api, tenant) => all(() => api.deploy({ tenant, services: [service(write(env))], dry_run: true }))],
  ["deploy", (api, tenant) => all(() => api.deploy({ tenant, services: [service(write(env))] }))],
  ["deploy again", (api, tenant) => all(() => api.deploy({ tenant, services: [service(write(env))] }))],
  ["deploy of nothing", (api, tenant) => all(() => api.deploy({ tenant, services: [service("/nowhere.ts")] }))],
  ["deploy of a mistake", (api, tenant) => all(() => api.deploy({ tenant, services: [service(broken(env), "bad")] }))],
  ["deploy of a crash", (api, tenant) => all(() => api.deploy({ tenant, services: [service(crash(env), "crash")] }))],
  ["list", (api, tenant) => api.list({ tenant })],
  ["status", (api, tenant) => api.status({ tenant, name: "web" })],
  ["scale", (api, tenant) => all(() => api.scale({ tenant, name: "web", replicas: 2 }))],
  ["scale of nobody", (api, tenant) => all(() => api.scale({ tenant, name: "nobody", replicas: 2 }))],
  ["restart", (api, tenant) => all(() => api.restart({ tenant, name: "web" }))],
  ["logs", async (api, tenant) => (await all(() => api.logs({ tenant, name: "web" }))).length],
  ["tail of logs", (api, tenant) => all(() => api.logs({ tenant, name: "web", grep: "two", tail: 1 }))],
  [
    "followed logs",
    (api, tenant) => firstOf((signal) => api.logs({ tenant, name: "web", follow: true, tail: 1 }, signal)),
  ],
  ["events", (api, tenant) => all(() => api.events({ tenant, name: "web" }))],
  ["followed events", (api, tenant) => firstOf((signal) => api.events({ tenant, follow: true }, signal))],
  ["kill", (api, tenant) => api.kill({ tenant, name: "web", grace_ms: 5_000 })],
  ["kill again", (api, tenant) => api.kill({ tenant, name: "web", force: true })],
  ["scale of what is stopped", (api, tenant) => all(() => api.scale({ tenant, name: "web", replicas: 2 }))],
  ["health", (api) => api.health({})],
];

describe("every transport answers the same to", () => {
  test.each(calls)("%s", async (_, call) => {
    const answers = new Map<string, unknown>();
    for (const [name, api] of apis) {
      const tenant = name.replaceAll(/\W/g, "-");
      answers.set(name, normalized(await call(api, tenant).catch(documentOf), tenant));
    }
    const expected = answers.get("in-process");
    for (const [name, answer] of answers) expect({ name, answer }).toEqual({ name, answer: expected });
  });
});

test("a refusal comes from the iterator or the promise, never from the call", async () => {
  for (const api of apis.values()) {
    const nobody = { tenant: "any", name: "nobody" };
    const nothing = { tenant: "any", services: [] };
    const streams: AsyncIterable<unknown>[] = [api.logs(nobody), api.events(nobody), api.restart(nobody)];
    streams.push(api.scale({ ...nobody, replicas: 1 }));
    for (const stream of streams) await expect(Array.fromAsync(stream)).rejects.toMatchObject({ code: "not_found" });
    await expect(Array.fromAsync(api.deploy(nothing))).rejects.toMatchObject({ code: "invalid_request" });
    await expect(api.status({ tenant: "any", name: "no name" })).rejects.toMatchObject({ code: "invalid_name" });
  }
});

test("a shutdown over TLS is answered before the kernel ends", async () => {
  const { state, pid } = (await apis.get("TLS")?.shutdown({})) ?? {};
  expect({ state, pid }).toEqual({ state: "stopped", pid: process.pid });
  await kernel.stopped;
});

function write(machine: SoloEnv): string {
  return machine.write("web.ts", source);
}

function broken(machine: SoloEnv): string {
  return machine.write("broken.ts", "export default {");
}

function crash(machine: SoloEnv): string {
  return machine.write("crash.ts", `console.log("about to"); throw new Error("out of luck");`);
}

async function all<T>(open: () => AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(open());
}

async function firstOf<T>(open: (signal: AbortSignal) => AsyncIterable<T>): Promise<T | undefined> {
  const leave = new AbortController();
  let first: T | undefined;
  for await (const element of open(leave.signal)) {
    first ??= element;
    leave.abort();
  }
  return first;
}

function documentOf(thrown: unknown): unknown {
  if (thrown instanceof SoloError) return thrown.toDocument();
  throw thrown;
}

/** Without what differs from one service to the next: ids, ports, times, sizes, and the tenant. */
function normalized(value: unknown, tenant: string, key = ""): unknown {
  if (typeof value === "number") return /(^|_)(pid|port|ms|bytes|percent|id|cause)$/.test(key) ? key : value;
  if (typeof value === "string")
    return ["time", "started", "checked", "cursor"].includes(key) ? key : plain(value, tenant);
  if (Array.isArray(value)) return value.map((item) => normalized(item, tenant, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, normalized(item, tenant, name)]));
}

function plain(text: string, tenant: string): string {
  return text
    .replaceAll(tenant, "<tenant>")
    .replaceAll(tenant.toLowerCase(), "<tenant>")
    .replaceAll(/\b([a-z]+)-[0-9a-f]{6}\b/g, "$1-<id>")
    .replaceAll(/\d+(\.\d+)? [kMG]?B/g, "<size>");
}
