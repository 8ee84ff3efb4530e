import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { Daemon, freePorts, waitFor } from "../support/index.ts";
import { connect, noise, pour } from "../support/pour.ts";

/** What anybody on this machine may send to the doors that listen on TCP and UDP. Others must not notice. */

setDefaultTimeout(60_000);

const [http = 0, grpc = 0, metrics = 0, dns = 0] = freePorts(4);
let daemon: Daemon;
let token: string;
beforeAll(async () => {
  daemon = await Daemon.start({
    SOLO_HTTP_PORT: String(http),
    SOLO_LISTEN_PORT: String(grpc),
    SOLO_METRICS_PORT: String(metrics),
    SOLO_DNS_PORT: String(dns),
  });
  const code = `import { defineService } from "solo";
    export default defineService({ fetch: () => new Response("ok"), methods: { hi: () => "hi" } });`;
  await daemon.deploy({ calm: daemon.module("calm.ts", code) });
  ({ token } = await daemon.client.capabilityGrant({ resource: "*", role: "admin" }));
  await waitFor(async () => (await health()).every(Boolean), { what: "all doors to be open" });
});
afterAll(() => daemon[Symbol.asyncDispose]());

const doors = [
  ["REST", http],
  ["gRPC", grpc],
  ["metrics", metrics],
  ["DNS over TCP", dns],
] as const;
const address = (port: number) => ({ hostname: "127.0.0.1", port });

const answers = (port: number, path: string) => fetch(`http://127.0.0.1:${port}${path}`).then(({ ok }) => ok);

/** Of each door, what a client of it sees. */
async function health(): Promise<boolean[]> {
  const { checks } = await daemon.client.health({});
  const named = checks.filter(({ name }) => ["http", "grpc", "metrics", "dns"].includes(name));
  return [
    named.length === 4,
    ...named.map(({ status }) => status === "healthy"),
    await answers(http, "/v1/health"),
    await answers(metrics, "/metrics"),
  ];
}

async function isWell(): Promise<void> {
  expect((await daemon.client.call({ name: "calm", method: "hi" })).output).toBe("hi");
  expect((await daemon.status("calm")).instances[0]).toMatchObject({ state: "ready", restarts: 0 });
  expect(await health()).not.toContain(false);
}

test.each(doors)("noise on %s ends that connection, and nothing else", async (_, port) => {
  const kernel = await daemon.kernel();
  const ends = await Promise.all(
    Array.from({ length: 20 }, (_, seed) => pour(address(port), noise(seed, 65_536), 4_000_000)),
  );
  expect(ends.filter(({ closed }) => !closed)).toEqual([]);
  await isWell();
  expect(await daemon.kernel()).toBe(kernel);
});

test.each(doors)("hundreds of silent connections to %s take nothing from others", async (_, port) => {
  const open = () => connect(address(port), { data() {}, error() {} });
  const sockets = await Promise.all(Array.from({ length: 400 }, open));
  await isWell();
  for (const socket of sockets) socket.terminate();
  await isWell();
});

test("a flood of datagrams that are no questions leaves DNS answering", async () => {
  const socket = await Bun.udpSocket({});
  for (let seed = 0; seed < 20_000; seed++) {
    socket.send(noise(seed, seed % 600), dns, "127.0.0.1");
    // Others have a turn, too.
    if (seed % 1_000 === 0) await isWell();
  }
  socket.close();
  await isWell();
});

test.each([
  ["/v1/services/calm/call", "application/json"],
  ["/services/calm/call", "application/json"],
  ["/mcp", "application/json"],
  ["/v1/uploads", "application/octet-stream"],
])("bodies that are too long, broken or nothing at all are refused by POST %s", async (path, type) => {
  const post = (body: BodyInit | null, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${http}${path}`, {
      method: "POST",
      body,
      headers: {
        "content-type": type,
        accept: "application/json, text/event-stream",
        authorization: `Bearer ${token}`,
        ...headers,
      },
    }).then(
      ({ status }) => status,
      () => 0,
    );
  const isRefused = (status: number) => status === 0 || (status >= 400 && status < 500);
  const bodies: (BodyInit | null)[] = [
    null,
    "{",
    `{"method": ${"[".repeat(100_000)}`,
    `{"method": "hi", "input": ${"[".repeat(50_000)}${"]".repeat(50_000)}, "method": 1}`,
    noise(1, 10_000),
    "\0".repeat(10_000),
  ];
  for (const body of bodies) {
    if (path === "/v1/uploads" && body !== null) continue;
    const status = await post(body);
    expect([status, isRefused(status)]).toEqual([status, true]);
  }
  expect(isRefused(await post(Buffer.alloc(20_000_000, "a")))).toBe(true);
  expect(isRefused(await post("{}", { authorization: `Bearer ${token.slice(0, -1)}` }))).toBe(true);
  await isWell();
});
