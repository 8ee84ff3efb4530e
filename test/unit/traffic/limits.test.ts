import { afterEach, expect, test } from "bun:test";
import type { Ingress, IngressOptions } from "../../../src/traffic/index.ts";
import { waitFor } from "../../support/index.ts";
import { ingressTo, key, request } from "./ingress-fixture.ts";
import { RawClient } from "./raw-client.ts";
import { answerHeads, RawUpstream, type UpstreamPeer } from "./raw-upstream.ts";

let upstream: RawUpstream;
let ingress: Ingress;
afterEach(async () => {
  await ingress.close(0);
  upstream.stop();
});

async function connect(options: Partial<IngressOptions>, respond: (peer: UpstreamPeer) => void = answerHeads) {
  upstream = new RawUpstream(respond);
  ingress = ingressTo([upstream.port], options);
  return RawClient.connect(ingress.port);
}

const silent = () => {};

test("a head that drips in is answered with 408 when its time is up", async () => {
  const client = await connect({ headTimeoutMs: 300 });
  const drip = setInterval(() => client.send("X"), 20);
  client.send("GET / HTTP/1.1\r\n");
  await client.receives("HTTP/1.1 408");
  clearInterval(drip);
  await client.gone();
  expect(upstream.text).toBe("");
  client.close();
});

test("a later head that drips in is answered with 408 as well, and ends the connection", async () => {
  const client = await connect({ headTimeoutMs: 300 });
  await client.send(request()).receives("ok");
  await client.send("GET / HTTP/1.1\r\n").receives("HTTP/1.1 408");
  await client.gone();
  expect(client.received.match(/HTTP\/1\.1/g)).toHaveLength(2);
  client.close();
});

test("a connection that says nothing is closed without an answer", async () => {
  const client = await connect({ headTimeoutMs: 50 });
  await client.gone();
  expect(client.received).toBe("");
  client.close();
});

test("a connection that rests between requests is closed", async () => {
  const client = await connect({ idleTimeoutMs: 50 });
  await client.send(request()).receives("ok");
  await client.gone();
  client.close();
});

test("a body that stops coming is answered with 408", async () => {
  const client = await connect({ bodyTimeoutMs: 50 }, silent);
  await client.send(request("POST / HTTP/1.1", ["Content-Length: 5"], "ab")).receives("HTTP/1.1 408");
  await client.until("the drop", () => upstream.peers[0]?.closed === true);
  client.close();
});

test("a service that doesn't answer is 504", async () => {
  const client = await connect({ responseTimeoutMs: 50 }, silent);
  await client.send(request()).receives("HTTP/1.1 504");
  expect(ingress.stats(key)).toMatchObject({ errors: 1, inFlight: 0 });
  client.close();
});

test("a response that stops in the middle is cut off", async () => {
  const client = await connect({ streamTimeoutMs: 50 }, (peer) =>
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"),
  );
  await client.send(request()).gone();
  client.close();
});

test("a client that takes nothing is dropped", async () => {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("x".repeat(80_000_000)) });
  const client = await connect({ stallTimeoutMs: 200 });
  ingress.addEndpoint(key, { id: "0", port: server.port ?? 0 });
  await client.send(request()).receives("200 OK");
  client.pause();
  await waitFor(() => ingress.stats(key).inFlight === 0, { what: "the drop" });
  client.close();
  await server.stop(true);
});

test("more connections than allowed get 503", async () => {
  const client = await connect({ maxConnections: 1 });
  await client.send(request()).receives("ok");
  const second = await RawClient.connect(ingress.port);
  await second.receives("HTTP/1.1 503");
  await second.gone();
  second.close();
  client.close();
});

test("pipelined requests beyond the read-ahead wait in the client, and all are answered", async () => {
  const client = await connect({});
  const count = 3_000;
  client.send(request().repeat(count));
  await client.until("all answers", () => client.received.split("HTTP/1.1 200").length === count + 1);
  expect(ingress.stats(key).requests).toBe(count);
  client.close();
});

test("idle connections to the upstream are closed before it would", async () => {
  const client = await connect({});
  await client.send(request()).receives("ok");
  await client.until("the idle close", () => upstream.peers[0]?.closed === true);
  await client.send(request()).until("two answers", () => client.received.split("HTTP/1.1 200").length === 3);
  expect(upstream.peers).toHaveLength(2);
  client.close();
});

test("a service whose endpoints are all slowed down is 503 at once, for who comes and for who waits", async () => {
  const client = await connect({ holdTimeoutMs: 600_000 });
  let isSlowed = true;
  ingress.addEndpoint(key, { id: "0", port: 1, isSlowed: () => isSlowed });
  await client.send(request()).receives("Retry-After: 1");
  expect(client.received).toContain("slowed down");
  ingress.addEndpoint(key, { id: "1", port: upstream.port });
  await client.send(request()).receives("ok");
  ingress.removeEndpoint(key, "1");
  ingress.removeEndpoint(key, "0");
  const other = (await RawClient.connect(ingress.port)).send(request());
  await waitFor(() => ingress.stats(key).held === 1, { what: "a request that waits" });
  ingress.addEndpoint(key, { id: "0", port: upstream.port, isSlowed: () => isSlowed });
  await other.receives("slowed down");
  isSlowed = false;
  await other.send(request()).receives("ok");
  other.close();
  client.close();
});
