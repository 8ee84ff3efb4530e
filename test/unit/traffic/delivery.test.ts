import { afterEach, expect, test } from "bun:test";
import type { Ingress } from "../../../src/traffic/index.ts";
import { freePort, startNginx, waitFor } from "../../support/index.ts";
import { host, ingressTo, key, request } from "./ingress-fixture.ts";
import { converse, RawClient } from "./raw-client.ts";
import { answerHeads, okResponse, RawUpstream, type UpstreamPeer } from "./raw-upstream.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function upstream(respond: (peer: UpstreamPeer) => void = answerHeads, port = 0): RawUpstream {
  const server = new RawUpstream(respond, port);
  closers.push(() => server.stop());
  return server;
}

function ingress(...args: Parameters<typeof ingressTo>): Ingress {
  const made = ingressTo(...args);
  closers.push(() => made.close(0));
  return made;
}

async function ask(port: number, text: string): Promise<RawClient> {
  const client = await RawClient.connect(port);
  closers.push(() => client.close());
  return client.send(text);
}

const silent = () => {};
const heads = (server: RawUpstream) => server.text.split("\r\n\r\n").length - 1;

test("the endpoint with the fewest requests in flight gets the next; equals take turns", async () => {
  const [a, b, c] = [upstream(silent), upstream(silent), upstream(silent)];
  const front = ingress([a.port, b.port, c.port]);
  for (let i = 1; i <= 9; i++) {
    await ask(front.port, request());
    await waitFor(() => heads(a) + heads(b) + heads(c) === i, { what: `request ${i}` });
  }
  expect([heads(a), heads(b), heads(c)]).toEqual([3, 3, 3]);
  b.peers[0]?.send(okResponse);
  await waitFor(() => front.stats(key).inFlight === 8, { what: "the answer" });
  await ask(front.port, request());
  await waitFor(() => heads(b) === 4, { what: "the request at the freed endpoint" });
});

test("an endpoint that accepts no connection costs no request", async () => {
  const good = upstream();
  const { port } = ingress([freePort(), good.port, freePort()]);
  const posted = request("POST / HTTP/1.1", ["Content-Length: 2", "Connection: close"], "ab");
  const answers = await Promise.all(Array.from({ length: 20 }, () => converse(port, posted)));
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
});

test("a request waits while the only endpoint accepts no connection, and reaches it once it does", async () => {
  const port = freePort();
  const front = ingress([port]);
  const client = await ask(front.port, request());
  await waitFor(() => front.stats(key).held === 1, { what: "the hold" });
  upstream(answerHeads, port);
  await client.receives("ok");
});

/** Answers the first request of each connection, and closes it when the second arrives, as an idle timeout would. */
const closesWhenReused = (peer: UpstreamPeer) => {
  if (peer.text.split("\r\n\r\n").length > 2) peer.reset();
  else peer.send(okResponse);
};

test("a request without effect is repeated when its kept connection turns out closed", async () => {
  const server = upstream(closesWhenReused);
  const { port } = ingress([server.port]);
  await (await ask(port, request())).receives("ok");
  await (await ask(port, request("PUT / HTTP/1.1", ["Content-Length: 2"], "ab"))).receives("ok");
  expect(server.peers.at(-1)?.text).toEndWith("\r\n\r\nab");
  expect(server.peers).toHaveLength(2);
});

test("a request that may have had an effect is not repeated", async () => {
  const server = upstream(closesWhenReused);
  const { port } = ingress([server.port]);
  await (await ask(port, request())).receives("ok");
  const client = await ask(port, request("POST / HTTP/1.1", ["Content-Length: 2"], "ab"));
  await client.receives("HTTP/1.1 502");
  expect(server.text.match(/POST/g)).toHaveLength(1);
});

test("nothing is repeated once a byte of the response came, nor on a fresh connection", async () => {
  const server = upstream((peer) => {
    peer.send("HTTP/1.1 2");
    peer.end();
  });
  const front = ingress([server.port]);
  await (await ask(front.port, request())).receives("HTTP/1.1 502");
  expect(server.peers).toHaveLength(1);
});

test("a request for a known service waits for its first endpoint", async () => {
  const front = ingress([]);
  const clients = await Promise.all([
    ask(front.port, request()),
    ask(front.port, request("POST / HTTP/1.1", ["Transfer-Encoding: chunked"], "2\r\nab\r\n")),
  ]);
  await waitFor(() => front.stats(key).held === 2, { what: "two held requests" });
  clients[1]?.send("1\r\nc\r\n0\r\n\r\n");
  const server = upstream((peer) => {
    if (peer.text.includes("GET") || peer.text.endsWith("0\r\n\r\n")) peer.send(okResponse);
  });
  front.addEndpoint(key, { id: "new", port: server.port });
  for (const client of clients) await client.receives("ok");
  expect(server.text).toContain("2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
  expect(front.stats(key)).toEqual({ held: 0, inFlight: 0, requests: 2, errors: 0 });
});

test("what arrives while a request waits keeps its order", async () => {
  const front = ingress([]);
  const third = request("POST /3 HTTP/1.1", ["Content-Length: 3"], "abc");
  const stream = request("GET /1 HTTP/1.1") + request("GET /2 HTTP/1.1") + third + request("GET /4 HTTP/1.1");
  const client = await ask(front.port, stream.slice(0, 70));
  await waitFor(() => front.stats(key).held === 1, { what: "the hold" });
  client.send(stream.slice(70));
  const server = upstream();
  front.addEndpoint(key, { id: "new", port: server.port });
  await client.until("four answers", () => client.received.split("HTTP/1.1 200").length === 5);
  expect(server.text.match(/(GET|POST) \S+/g)).toEqual(["GET /1", "GET /2", "POST /3", "GET /4"]);
});

test("waiting ends with 503 and Retry-After, and the connection serves on", async () => {
  const front = ingress([], { holdTimeoutMs: 50 });
  const client = await ask(front.port, request());
  await client.receives("Retry-After: 1");
  expect(client.status).toBe(503);
  front.addEndpoint(key, { id: "new", port: upstream().port });
  await client.send(request()).receives("ok");
  expect(front.stats(key)).toEqual({ held: 0, inFlight: 0, requests: 2, errors: 1 });
});

test("no more requests wait than the limit allows", async () => {
  const front = ingress([], { maxHeldPerRoute: 2 });
  await ask(front.port, request());
  await ask(front.port, request());
  await waitFor(() => front.stats(key).held === 2, { what: "two held requests" });
  expect((await (await ask(front.port, request())).receives("Retry-After")).status).toBe(503);
});

test("a client that leaves waits no longer", async () => {
  const front = ingress([]);
  const client = await ask(front.port, request());
  await waitFor(() => front.stats(key).held === 1, { what: "the hold" });
  client.close();
  await waitFor(() => front.stats(key).held === 0, { what: "the end of the hold" });
});

test("a client that leaves ends its request at the upstream", async () => {
  const server = upstream(silent);
  const front = ingress([server.port]);
  const client = await ask(front.port, request());
  await waitFor(() => heads(server) === 1, { what: "the request" });
  client.close();
  await waitFor(() => server.peers[0]?.closed, { what: "the end at the upstream" });
  expect(front.stats(key).inFlight).toBe(0);
});

test("drain sends nothing new there and resolves when the last request is answered", async () => {
  const [old, fresh] = [upstream(silent), upstream()];
  const front = ingress([old.port]);
  const first = await ask(front.port, request());
  await waitFor(() => heads(old) === 1, { what: "the first request" });
  front.addEndpoint(key, { id: "new", port: fresh.port });
  const drained = front.drain(key, "0", 10_000);
  for (let i = 0; i < 5; i++) await (await ask(front.port, request())).receives("ok");
  expect([heads(old), heads(fresh)]).toEqual([1, 5]);
  old.peers[0]?.send(okResponse);
  expect(await drained).toEqual({ left: 0 });
  await first.receives("ok");
  await waitFor(() => old.peers[0]?.closed, { what: "the drained endpoint's connection to close" });
});

test("drain gives up after its timeout and tells what is left; removal then answers 502", async () => {
  const server = upstream(silent);
  const front = ingress([server.port]);
  const client = await ask(front.port, request());
  await waitFor(() => heads(server) === 1, { what: "the request" });
  expect(await front.drain(key, "0", 20)).toEqual({ left: 1 });
  front.removeEndpoint(key, "0");
  await client.receives("HTTP/1.1 502");
});

test("adding a drained endpoint again ends its drain", async () => {
  const server = upstream();
  const front = ingress([server.port]);
  await front.drain(key, "0", 0);
  const client = await ask(front.port, request());
  await waitFor(() => front.stats(key).held === 1, { what: "the hold" });
  front.addEndpoint(key, { id: "0", port: server.port });
  await client.receives("ok");
});

test("draining what isn't there is done at once", async () => {
  const front = ingress([]);
  expect(await front.drain(key, "nobody", 10_000)).toEqual({ left: 0 });
  expect(await front.drain("no/route", "nobody", 10_000)).toEqual({ left: 0 });
});

test("removing a route refuses what waits and answers 404 from then on", async () => {
  const front = ingress([]);
  const client = await ask(front.port, request());
  await waitFor(() => front.stats(key).held === 1, { what: "the hold" });
  front.removeRoute(key);
  await client.receives("HTTP/1.1 503");
  await client.send(request()).receives("HTTP/1.1 404");
  expect(client.received).toContain(host);
});

test("closing lets requests in flight finish and tells clients to go", async () => {
  const server = upstream(silent);
  const front = ingressTo([server.port]);
  const [busy, idle] = [await ask(front.port, request()), await RawClient.connect(front.port)];
  await waitFor(() => heads(server) === 1, { what: "the request" });
  const closed = front.close(10_000);
  await idle.gone();
  idle.close();
  server.peers[0]?.send(okResponse);
  await busy.receives("ok");
  expect(busy.received).toContain("Connection: close");
  await busy.gone();
  busy.close();
  await closed;
});

test("20 replacements under load lose no request", async () => {
  const front = ingressTo([], {});
  let current = await startNginx();
  front.addEndpoint(key, { id: "0", port: current.port });
  front.setRoute(key, ["127.0.0.1"]);
  const wrk = Bun.spawn(["wrk", "-t1", "-c16", "-d4s", `http://127.0.0.1:${front.port}/`], { stdout: "pipe" });
  try {
    for (let i = 1; i <= 20; i++) {
      const next = await startNginx();
      front.addEndpoint(key, { id: String(i), port: next.port });
      await waitFor(() => front.stats(key).requests > i * 20, { what: "traffic" });
      expect(await front.drain(key, String(i - 1), 5_000)).toEqual({ left: 0 });
      front.removeEndpoint(key, String(i - 1));
      await current[Symbol.asyncDispose]();
      current = next;
    }
    const output = await new Response(wrk.stdout).text();
    expect(output).not.toMatch(/Non-2xx|Socket errors/);
    expect(Number(/(\d+) requests in/.exec(output)?.[1])).toBeGreaterThan(1_000);
    expect(front.stats(key).errors).toBe(0);
  } finally {
    wrk.kill();
    await wrk.exited;
    await front.close(0);
    await current[Symbol.asyncDispose]();
  }
}, 30_000);
