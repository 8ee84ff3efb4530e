import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { type CapabilityFacts, SoloError } from "../../../src/api/index.ts";
import { createClient, remoteTransport } from "../../../src/client/index.ts";
import { openTcpDoor } from "../../../src/gateway/http/index.ts";
import type { Door } from "../../../src/gateway/shared/index.ts";
import { openCredentials } from "../../../src/gateway/tls/index.ts";
import { Access, type CapabilityAuthority } from "../../../src/kernel/access/index.ts";
import { initTls, issueClient, renewServer, revokeClient } from "../../../src/security/tls/index.ts";
import { freePort, waitFor } from "../../support/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { type SampleApi, sampleApi } from "./sample-api.ts";

const capability: CapabilityFacts = {
  id: "one",
  tenant: "acme",
  resource: "tenant",
  permissions: ["read", "logs"],
  holder: null,
  expires_ms: null,
  rates: [],
};
const authority: CapabilityAuthority = {
  callerOf: (token, request_id) => {
    if (token === "of-all") return { kind: "capability", request_id, capability: { ...capability, resource: "*" } };
    if (token === "of-acme") return { kind: "capability", request_id, capability };
    throw new SoloError("unauthenticated", "no such token");
  },
  use: () => undefined,
  onEnd: () => () => undefined,
  mayCall: () => false,
};

let folder: string;
let api: SampleApi;
const doors: { close(): Promise<void> }[] = [];
beforeEach(() => {
  folder = temporaryFolder();
  const client = { name: "admin", tenant: "acme", role: "viewer" as const, days: 10 };
  initTls(join(folder, "tls"), { hosts: [], days: 100, client, force: false });
  api = sampleApi();
});
afterEach(async () => {
  await Promise.all(doors.splice(0).map((door) => door.close()));
});

const file = (name: string) => join(folder, "tls", name);

async function open({ requireClient = false, bind = "127.0.0.1" } = {}) {
  const said: string[] = [];
  const say = (_: string, message: string) => void said.push(message);
  const settings = {
    cert: file("server.pem"),
    key: file("server.key"),
    ca: file("ca.pem"),
    requireClient,
    revoked: file("revoked.json"),
  };
  const credentials = openCredentials({ settings, say, pollMs: 10 });
  const port = freePort();
  const access = new Access({ api: () => api, authority });
  const tls = { credentials, folder };
  const door: Door = openTcpDoor({ access, bind, port, version: "1", onBug: () => undefined, say, tls });
  doors.push(door, credentials);
  await waitFor(() => door.check().status === "healthy" && isOpen(port), { what: "the door to open" });
  return { door, port, said, credentials };
}

async function isOpen(port: number): Promise<boolean> {
  const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data: () => undefined } });
  socket.end();
  return true;
}

async function client(port: number, options: { name?: string | undefined; token?: string; folder?: string } = {}) {
  const { name, token, folder: from = "tls" } = options;
  const pair = name && {
    cert: join(folder, from, `clients/${name}.pem`),
    key: join(folder, from, `clients/${name}.key`),
  };
  const target = {
    name: "far",
    url: `https://localhost:${port}`,
    ca: file("ca.pem"),
    ...pair,
    ...(token && { token }),
  };
  return createClient(await remoteTransport(target), "1");
}

async function codeOf(attempt: Promise<unknown>): Promise<string> {
  const thrown = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
  return thrown instanceof SoloError ? thrown.code : `not refused: ${thrown}`;
}

describe("who asks over TLS", () => {
  test("a certificate alone has its role in its tenant", async () => {
    const { port } = await open();
    const viewer = await client(port, { name: "admin" });
    expect(await viewer.list({ tenant: "acme" })).toEqual({ services: [] });
    expect(await codeOf(viewer.list({ tenant: "other" }))).toBe("forbidden");
    expect(await codeOf(viewer.kill({ tenant: "acme", name: "web" }))).toBe("forbidden");
    expect(await codeOf(viewer.shutdown({}))).toBe("forbidden");
  });

  test("a certificate without a role allows nothing without a token, and bounds the token", async () => {
    const { port } = await open();
    issueClient(file(""), { name: "plain", tenant: "acme", role: null, days: 1, force: false });
    issueClient(file(""), { name: "other", tenant: "other", role: null, days: 1, force: false });
    expect(await codeOf((await client(port, { name: "plain" })).list({ tenant: "acme" }))).toBe("unauthenticated");
    const within = await client(port, { name: "plain", token: "of-all" });
    expect(await within.list({ tenant: "acme" })).toEqual({ services: [] });
    expect(await codeOf(within.list({ tenant: "other" }))).toBe("forbidden");
    const beyond = await client(port, { name: "other", token: "of-acme" });
    expect(await codeOf(beyond.list({ tenant: "acme" }))).toBe("forbidden");
  });

  test("without a certificate a token counts alone", async () => {
    const { port } = await open();
    expect(await (await client(port, { token: "of-acme" })).list({ tenant: "acme" })).toEqual({ services: [] });
    expect(await codeOf((await client(port)).list({ tenant: "acme" }))).toBe("unauthenticated");
    expect((await (await client(port)).version({})).name).toBe("solo");
  });

  test("a resumed session has the certificate of its first connection", async () => {
    const { port } = await open({ requireClient: true });
    const session = join(folder, "session");
    const pair = ["-cert", file("clients/admin.pem"), "-key", file("clients/admin.key")];
    expect(await askedByOpenssl(port, [...pair, "-sess_out", session])).toMatch(/^New,.*"services":/s);
    expect(await askedByOpenssl(port, ["-sess_in", session])).toMatch(/^Reused,.*"services":/s);
  });
});

test("with require_mtls nobody comes in without a certificate of the authority", async () => {
  const { port } = await open({ requireClient: true });
  expect(await (await client(port, { name: "admin" })).list({ tenant: "acme" })).toEqual({ services: [] });
  expect(await codeOf((await client(port, { token: "of-acme" })).list({ tenant: "acme" }))).toBe("unreachable");
  const foreign = { name: "admin", tenant: "acme", role: "admin" as const, days: 10 };
  initTls(join(folder, "foreign"), { hosts: [], days: 1, client: foreign, force: false });
  const stranger = await client(port, { name: "admin", folder: "foreign" });
  expect(await codeOf(stranger.list({ tenant: "acme" }))).toBe("unreachable");
  expect(api.calls).toHaveLength(1);
});

test("a foreign certificate is refused where none is required, and so is one whose name is no tenant", async () => {
  const { port } = await open();
  const foreign = { name: "admin", tenant: "acme", role: "admin" as const, days: 10 };
  initTls(join(folder, "foreign"), { hosts: [], days: 1, client: foreign, force: false });
  const stranger = await client(port, { name: "admin", folder: "foreign" });
  expect(await codeOf(stranger.list({ tenant: "acme" }))).toBe("unreachable");
  // The server's own is signed by the authority, but for another use.
  for (const ending of ["pem", "key"]) copyFileSync(file(`server.${ending}`), file(`clients/server.${ending}`));
  expect(await codeOf((await client(port, { name: "server" })).list({ tenant: "acme" }))).toBe("unreachable");
});

test("new certificates count for new connections, and those that are open stay", async () => {
  const { port, said, door } = await open();
  const before = await client(port, { name: "admin" });
  const follow = new AbortController();
  const lines = before.logs({ tenant: "acme", name: "web", follow: true }, follow.signal)[Symbol.asyncIterator]();
  await lines.next();
  const serial = await serialOf(port);
  renewServer(file(""), { hosts: ["solo.test"], days: 100 });
  await waitFor(async () => (await serialOf(port)) !== serial, { what: "the new certificate" });
  expect((await lines.next()).done).toBe(false);
  follow.abort();
  expect(said).toContainEqual(expect.stringContaining("read anew"));
  expect(door.check().status).toBe("healthy");
});

test("a new authority ends what the one before signed, also for sessions that are resumed", async () => {
  const { port, said } = await open({ requireClient: true });
  const session = join(folder, "session");
  const pair = ["-cert", file("clients/admin.pem"), "-key", file("clients/admin.key")];
  expect(await askedByOpenssl(port, [...pair, "-sess_out", session])).toContain('"services":');
  for (const ending of ["pem", "key"]) copyFileSync(file(`clients/admin.${ending}`), join(folder, `old.${ending}`));
  const admin = { name: "admin", tenant: "acme", role: "viewer" as const, days: 10 };
  initTls(file(""), { hosts: [], days: 100, client: admin, force: true });
  await waitFor(() => said.some((line) => line.includes("read anew")), { what: "the new authority" });
  expect(await (await client(port, { name: "admin" })).list({ tenant: "acme" })).toEqual({ services: [] });
  const old = ["-cert", join(folder, "old.pem"), "-key", join(folder, "old.key")];
  expect(await askedByOpenssl(port, old)).not.toContain('"services":');
  expect(await askedByOpenssl(port, ["-sess_in", session])).not.toContain('"services":');
  expect(await askedByOpenssl(port, [...old, "-sess_in", session])).not.toContain('"services":');
});

test("a revoked certificate ends at once, its open connections and resumed sessions too, and no other does", async () => {
  const { port, said } = await open({ requireClient: true });
  issueClient(file(""), { name: "ci", tenant: "acme", role: "viewer", days: 10, force: false });
  const session = join(folder, "session");
  const pair = ["-cert", file("clients/ci.pem"), "-key", file("clients/ci.key")];
  expect(await askedByOpenssl(port, [...pair, "-sess_out", session])).toContain('"services":');
  const [admin, ci] = [await client(port, { name: "admin" }), await client(port, { name: "ci" })];
  const follow = { tenant: "acme", name: "web", follow: true };
  const [kept, ended] = [admin.logs(follow), ci.logs(follow)].map((stream) => stream[Symbol.asyncIterator]());
  await Promise.all([kept?.next(), ended?.next()]);
  revokeClient(file(""), "ci");
  expect(await codeOf((await client(port, { name: "ci" })).list({ tenant: "acme" }))).toBe("unreachable");
  expect(await askedByOpenssl(port, ["-sess_in", session])).not.toContain('"services":');
  const reading = async () => {
    for (;;) if ((await ended?.next())?.done) return;
  };
  await expect(reading()).rejects.toThrow();
  expect((await kept?.next())?.done).toBe(false);
  await kept?.return?.();
  expect(await (await client(port, { name: "admin" })).list({ tenant: "acme" })).toEqual({ services: [] });
  expect(said).toContain("TLS: revoked client certificates: 1");
});

test("a list of revoked certificates that can't be read lets nobody in by one, and is told", async () => {
  const { port, credentials } = await open();
  writeFileSync(file("revoked.json"), "{");
  expect(await codeOf((await client(port, { name: "admin" })).list({ tenant: "acme" }))).toBe("unreachable");
  expect(credentials.check()).toMatchObject({ status: "degraded", message: expect.stringContaining("can't be read") });
  writeFileSync(file("revoked.json"), '{ "revoked": [] }');
  expect(await (await client(port, { name: "admin" })).list({ tenant: "acme" })).toEqual({ services: [] });
});

test("files that don't belong together change nothing, and are told", async () => {
  const { port, credentials } = await open();
  const serial = await serialOf(port);
  writeFileSync(file("server.key"), readFileSync(file("clients/admin.key")));
  await waitFor(() => credentials.check().status === "degraded", { what: "the mistake to be told" });
  expect(credentials.check().message).toContain("is not the key of");
  expect(await serialOf(port)).toBe(serial);
});

test("opens outside loopback, and is free again once it is closed", async () => {
  const { port, door } = await open({ bind: "0.0.0.0" });
  expect(door.check().message).toBe(`listens on 0.0.0.0:${port} (TLS)`);
  const open_ = await handshake(port);
  await door.close();
  open_.destroy();
  const again = await open();
  expect((await (await client(again.port)).version({})).name).toBe("solo");
});

test("plain HTTP on its port is no request", async () => {
  const { port } = await open();
  expect(fetch(`http://127.0.0.1:${port}/v1/version`)).rejects.toThrow();
});

/** What a client of another make is told of the session, and answered. */
async function askedByOpenssl(port: number, words: readonly string[]): Promise<string> {
  const command = ["openssl", "s_client", "-connect", `127.0.0.1:${port}`, "-tls1_2", "-CAfile", file("ca.pem")];
  const child = Bun.spawn([...command, "-ign_eof", ...words], { stdin: "pipe", stdout: "pipe", stderr: "ignore" });
  child.stdin.write("GET /v1/services?tenant=acme HTTP/1.1\r\nHost: solo\r\nConnection: close\r\n\r\n");
  child.stdin.flush();
  const text = await new Response(child.stdout).text();
  return text.slice(text.search(/^(New|Reused),/m));
}

async function serialOf(port: number): Promise<string> {
  const socket = await handshake(port);
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

function handshake(port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, ca: readFileSync(file("ca.pem")) }, () => resolve(socket));
    socket.on("error", reject);
  });
}
