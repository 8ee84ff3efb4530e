import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect as connectTo, type Socket } from "node:net";
import { join } from "node:path";
import { SoloError } from "../../../src/api/index.ts";
import { createClient, remoteTransport } from "../../../src/client/index.ts";
import { serveApi } from "../../../src/gateway/http/index.ts";
import { freePort } from "../../support/ports.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { startTlsProxy } from "../../support/tls-proxy.ts";
import { until } from "../../support/until.ts";
import { accessTo, sampleApi } from "../gateway/sample-api.ts";

const folder = temporaryFolder();
const api = sampleApi();
const socketPath = join(folder, "solo.sock");
serveApi({ access: accessTo(api), socketPath, version: "1" });
const proxy = await startTlsProxy(socketPath);
const { port, mutualPort, file } = proxy;

afterAll(() => proxy[Symbol.asyncDispose]());

const context = { name: "far", url: `https://localhost:${port}`, ca: file("ca.pem"), token_file: file("token") };

async function connect(change: Partial<typeof context & { cert: string; key: string }> = {}) {
  return createClient(await remoteTransport({ ...context, ...change }), "1");
}

async function failure(work: Promise<unknown>): Promise<SoloError> {
  const thrown = await work.catch((error: unknown) => error);
  if (thrown instanceof SoloError) return thrown;
  throw new Error(`expected a SoloError, got ${thrown}`);
}

test("documents and streams come through TLS with a bearer token", async () => {
  const client = await connect();
  expect(await client.list({ tenant: "acme" })).toEqual({ services: [] });
  expect(await Array.fromAsync(client.logs({ name: "web", tail: 2_000 }))).toHaveLength(2_000);
  expect(await client.kill({ name: "web" })).toMatchObject({ state: "stopped" });
  await client.close();
});

test("a followed stream ends in the kernel when the client aborts", async () => {
  const client = await connect();
  const abort = new AbortController();
  const lines = Array.fromAsync(client.logs({ name: "web", follow: true }, abort.signal));
  await until("the stream is open", () => api.open === 1);
  abort.abort();
  expect((await lines).length).toBeLessThanOrEqual(3);
  await until("the kernel noticed", () => api.open === 0);
  await client.close();
});

test("a certificate of an unknown authority is refused, even when the environment says not to check", async () => {
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
  try {
    const { ca: _, ...unknown } = context;
    const error = await failure(createClient(await remoteTransport(unknown), "1").list({}));
    expect([error.code, error.hint]).toEqual(["unreachable", expect.stringContaining("--ca")]);
  } finally {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
  }
});

test("a wrong token is refused by the gateway in front", async () => {
  const wrong = file("wrong");
  writeFileSync(wrong, "guess");
  const client = await connect({ token_file: wrong });
  expect((await failure(client.list({}))).code).toBe("unauthenticated");
});

test("mutual TLS presents the context's certificate", async () => {
  const url = `https://localhost:${mutualPort}`;
  const client = await connect({ url, cert: file("client.pem"), key: file("client.key") });
  expect(await client.list({})).toEqual({ services: [] });
  expect((await failure((await connect({ url })).list({}))).code).toBe("unreachable");
});

test("a peer that ends the connection without a word may want a certificate, or TLS", async () => {
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: (socket) => void socket.end() } });
  const plain = await connect({ url: `http://127.0.0.1:${silent.port}` });
  expect((await failure(plain.list({}))).hint).toContain("https://");
  const cut = await connect({ url: `https://127.0.0.1:${silent.port}` });
  expect((await failure(cut.list({}))).hint).toMatch(/certificate/);
  silent.stop(true);
});

test("a kernel behind a named socket is reached with the real undici", async () => {
  const client = createClient(await remoteTransport({ name: "near", url: `unix://${socketPath}` }), "1");
  expect(await client.list({})).toEqual({ services: [] });
  await client.close();
});

test("an address where nothing listens is unreachable, for a change too", async () => {
  const client = await connect({ url: `https://localhost:${freePort()}` });
  const error = await failure(client.kill({ name: "web" }));
  expect([error.code, error.applied]).toEqual(["unreachable", "no"]);
});

test("a missing file of the context is told by its field", async () => {
  const error = await failure(connect({ token_file: file("nowhere") }));
  expect([error.code, error.message]).toEqual(["invalid_config", expect.stringContaining("token_file")]);
});

describe("the proxy that the environment names", () => {
  test("is asked for a tunnel, within which the kernel's own certificate and the client's count", async () => {
    await using tunnel = await startProxy();
    const url = `https://localhost:${mutualPort}`;
    const target = { url, cert: file("client.pem"), key: file("client.key") };
    const client = await withVariables({ HTTPS_PROXY: tunnel.url }, () => connect(target));
    expect(await client.list({})).toEqual({ services: [] });
    expect(tunnel.asked).toEqual([`localhost:${mutualPort}`]);
    await client.close();
    const { ca: _, ...unknown } = { ...context, ...target };
    const stranger = await withVariables({ HTTPS_PROXY: tunnel.url }, () => remoteTransport(unknown));
    expect((await failure(createClient(stranger, "1").list({}))).hint).toContain("--ca");
  });

  test("is left out for hosts that NO_PROXY names", async () => {
    await using tunnel = await startProxy();
    await withVariables({ HTTPS_PROXY: tunnel.url, NO_PROXY: "localhost" }, async () => {
      const client = await connect();
      expect(await client.list({})).toEqual({ services: [] });
      await client.close();
    });
    expect(tunnel.asked).toEqual([]);
  });
});

/** A proxy that makes tunnels (RFC 9110, section 9.3.6). */
async function startProxy() {
  const asked: string[] = [];
  const open = new Set<Socket>();
  const server = createServer().on("connect", ({ url = "" }, socket: Socket) => {
    asked.push(url);
    const behind = connectTo(Number(url.split(":").at(-1)), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(behind).pipe(socket);
    });
    for (const end of [socket, behind]) open.add(end.on("error", () => end.destroy()));
  });
  const port = freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      for (const end of open) end.destroy();
      server.close();
    },
  };
}

async function withVariables<T>(variables: Record<string, string>, work: () => Promise<T>): Promise<T> {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    return await work();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
    Object.assign(process.env, before);
  }
}
