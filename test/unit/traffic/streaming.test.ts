import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Server } from "bun";
import type { Ingress } from "../../../src/traffic/index.ts";
import { waitFor } from "../../support/index.ts";
import { host, ingressTo, key, request } from "./ingress-fixture.ts";
import { RawClient } from "./raw-client.ts";
import { RawUpstream, type UpstreamPeer } from "./raw-upstream.ts";

const largeBytes = 60_000_000;
/** Fits into the buffers of the system. */
const mediumBytes = 1_000_000;
let server: Server<string>;
let ingress: Ingress;
let cancelled = 0;
let pulled = 0;

beforeAll(() => {
  server = Bun.serve<string>({
    port: 0,
    hostname: "127.0.0.1",
    development: false,
    idleTimeout: 0,
    maxRequestBodySize: 1_000_000_000,
    fetch: (request, self) => route(request, self),
    websocket: {
      open: (socket) => void socket.send(`protocol ${socket.data}`),
      message: (socket, message) => void socket.send(message),
    },
  });
  ingress = ingressTo([server.port ?? 0]);
  ingress.setRoute(key, [host, "127.0.0.1"]);
});
afterAll(async () => {
  await ingress.close(0);
  await server.stop(true);
});

function route(request: Request, self: Server<string>): Response | undefined {
  switch (new URL(request.url).pathname) {
    case "/socket":
      return self.upgrade(request, { data: request.headers.get("sec-websocket-protocol") ?? "" })
        ? undefined
        : new Response("no", { status: 426 });
    case "/echo":
      return new Response(request.body);
    case "/large":
      return new Response(new Uint8Array(largeBytes));
    case "/medium":
      return new Response(new Uint8Array(mediumBytes));
    case "/endless":
      return new Response(endless());
    case "/events":
      return new Response(events(), { headers: { "content-type": "text/event-stream" } });
    default:
      return Response.json({ method: request.method });
  }
}

function endless(): ReadableStream {
  return new ReadableStream({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(100_000));
    },
    cancel: () => void cancelled++,
  });
}

function events(): ReadableStream {
  let count = 0;
  return new ReadableStream({
    async pull(controller) {
      if (count > 0) await Bun.sleep(1);
      controller.enqueue(`data: ${count++}\n\n`);
    },
    cancel: () => void cancelled++,
  });
}

/** Waits until a count has stayed the same for many looks in a row. */
async function settled(count: () => number): Promise<void> {
  let last = -1;
  let same = 0;
  const look = () => {
    same = count() === last ? same + 1 : 0;
    last = count();
    return same > 30;
  };
  await waitFor(look, { what: "the sender to stop" });
}

async function curl(path: string, ...args: string[]): Promise<Buffer> {
  const url = `http://127.0.0.1:${ingress.port}${path}`;
  const child = Bun.spawn(["curl", "-sS", "--max-time", "20", "-H", `Host: ${host}`, ...args, url], { stdout: "pipe" });
  return Buffer.from(await new Response(child.stdout).arrayBuffer());
}

test("curl gets a large body whole", async () => {
  const body = await curl("/large");
  expect(body.length).toBe(largeBytes);
});

test.each(["Content-Length: 5000000", "Transfer-Encoding: chunked"])(
  "curl sends a body with %s and gets it back",
  async (field) => {
    const file = `/tmp/solo-echo-${process.pid}-${field.length}`;
    const sent = Buffer.alloc(5_000_000, "solo is here ");
    await Bun.write(file, sent);
    const body = await curl("/echo", "-H", field, "-H", "Expect:", "--data-binary", `@${file}`);
    await Bun.file(file).delete();
    expect(body.equals(sent)).toBe(true);
  },
);

test("curl's 100-continue works against a real server", async () => {
  const body = await curl("/echo", "-H", "Expect: 100-continue", "--expect100-timeout", "15", "--data-binary", "hello");
  expect(body.toString()).toBe("hello");
});

test("a reader that stops reading stops the sender", async () => {
  const client = await RawClient.connect(ingress.port);
  await client.send(request("GET /endless HTTP/1.1")).receives("200 OK");
  client.pause();
  await settled(() => pulled);
  // What the sockets' own buffers hold, on two hops, is all that can be under way.
  expect(pulled * 100_000).toBeLessThan(64_000_000);
  const before = cancelled;
  client.close();
  await waitFor(() => cancelled > before, { what: "the cancel at the upstream" });
  expect(ingress.stats(key).inFlight).toBe(0);
});

test("a slow reader gets its last response whole, however long it takes", async () => {
  const front = ingressTo([server.port ?? 0], { lingerTimeoutMs: 1 });
  const client = await RawClient.connect(front.port);
  client.pause();
  client.send(request("GET /medium HTTP/1.1", ["Connection: close"]));
  await waitFor(() => front.stats(key).requests === 1 && front.stats(key).inFlight === 0, { what: "the response" });
  // Resolves once the ingress has let go of the connection.
  await front.close(5_000);
  client.resume();
  await client.gone();
  expect(client.received.length).toBeGreaterThan(mediumBytes);
  client.close();
});

test("a response longer than all buffers reaches a slow reader whole", async () => {
  const front = ingressTo([server.port ?? 0], { lingerTimeoutMs: 1 });
  const client = await RawClient.connect(front.port);
  await client.send(request("GET /large HTTP/1.1", ["Connection: close"])).receives("200 OK");
  client.pause();
  await settled(() => client.received.length);
  client.resume();
  await client.gone();
  expect(client.received.length).toBeGreaterThan(largeBytes);
  client.close();
  await front.close(0);
});

test("an upstream that stops reading stops the client", async () => {
  const stuck = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { open: (socket) => socket.pause(), data() {} } });
  const front = ingressTo([stuck.port]);
  const chunk = Buffer.alloc(1_000_000);
  let sent = 0;
  const push = (socket: { write(data: Buffer): number }) => {
    for (let taken = 1; taken > 0 && sent < 500_000_000; sent += taken) taken = Math.max(0, socket.write(chunk));
  };
  const client = await Bun.connect({
    hostname: "127.0.0.1",
    port: front.port,
    socket: {
      open: (socket) => {
        socket.write(request("POST / HTTP/1.1", ["Content-Length: 900000000"]));
        push(socket);
      },
      drain: push,
      data() {},
    },
  });
  await settled(() => sent);
  expect(sent).toBeLessThan(64_000_000);
  client.terminate();
  await front.close(0);
  stuck.stop(true);
});

test("events arrive one by one, and a client that leaves ends the stream", async () => {
  const before = cancelled;
  const client = await RawClient.connect(ingress.port);
  await client.send(request("GET /events HTTP/1.1")).receives("data: 3");
  client.close();
  await waitFor(() => cancelled > before, { what: "the cancel at the upstream" });
});

test("a WebSocket works both ways, with its subprotocol, and drain closes it at the timeout", async () => {
  const url = `ws://127.0.0.1:${ingress.port}/socket`;
  const socket = new WebSocket(url, ["chat"]);
  const messages: unknown[] = [];
  let closed = false;
  socket.onmessage = ({ data }) => messages.push(data);
  socket.onclose = () => {
    closed = true;
  };
  await waitFor(() => messages.length === 1, { what: "the greeting" });
  const long = "x".repeat(300_000);
  socket.send(long);
  await waitFor(() => messages.length === 2, { what: "the echo" });
  expect(messages).toEqual(["protocol chat", long]);
  expect(ingress.stats(key).inFlight).toBe(1);

  const other = ingressTo([server.port ?? 0]);
  other.setRoute(key, ["127.0.0.1"]);
  const second = new WebSocket(`ws://127.0.0.1:${other.port}/socket`);
  let secondClosed = false;
  second.onclose = () => {
    secondClosed = true;
  };
  await waitFor(() => other.stats(key).inFlight === 1, { what: "the second WebSocket" });
  expect(await other.drain(key, "0", 20)).toEqual({ left: 0 });
  await waitFor(() => secondClosed, { what: "its end" });
  await other.close(0);

  expect(closed).toBe(false);
  socket.close(1000);
  await waitFor(() => closed && ingress.stats(key).inFlight === 0, { what: "the end of the WebSocket" });
});

test("frames sent right behind the handshake are not lost", async () => {
  const client = await RawClient.connect(ingress.port);
  const fields = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  const maskedHi = "\x81\x82\0\0\0\0hi";
  await client.send(request("GET /socket HTTP/1.1", fields) + maskedHi).receives("\x81\x02hi");
  expect(client.status).toBe(101);
  client.close();
});

test("an upgrade that the service refuses is an ordinary response", async () => {
  const client = await RawClient.connect(ingress.port);
  await client.send(request("GET / HTTP/1.1", ["Connection: Upgrade", "Upgrade: websocket"])).receives("GET");
  await client
    .send(request("GET /?2 HTTP/1.1"))
    .until("two answers", () => client.received.split("HTTP/1.1 200").length === 3);
  client.close();
});

test("either side of an upgraded connection can end it, and the other's last bytes arrive", async () => {
  const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n";
  const greeted = new Set<UpstreamPeer>();
  const raw = new RawUpstream((peer) => {
    if (greeted.size === 0) peer.send(`${switching}hi`);
    greeted.add(peer);
  });
  const front = ingressTo([raw.port]);
  const fields = ["Connection: Upgrade", "Upgrade: test"];
  const client = await RawClient.connect(front.port);
  await client.send(request(undefined, fields)).receives("hi");
  client.send("last words").halfClose();
  await waitFor(() => raw.text.endsWith("last words"), { what: "the client's last bytes" });
  await client.gone();
  await waitFor(() => front.stats(key).inFlight === 0, { what: "the end" });

  const other = await RawClient.connect(front.port);
  await other.send(request(undefined, fields)).until("the second tunnel", () => raw.peers.length === 2);
  raw.peers[1]?.send(`${switching}hibye`);
  raw.peers[1]?.end();
  await other.receives("hibye");
  await other.gone();
  await waitFor(() => front.stats(key).inFlight === 0, { what: "the end" });
  await front.close(0);
  raw.stop();
});
