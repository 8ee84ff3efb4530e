import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Ingress } from "../../../src/traffic/index.ts";
import { host, ingressTo, key, request } from "./ingress-fixture.ts";
import { converse, RawClient } from "./raw-client.ts";
import { answerHeads, okResponse, RawUpstream } from "./raw-upstream.ts";

const close = "Connection: close";
let upstream: RawUpstream;
let ingress: Ingress;
beforeEach(() => {
  upstream = new RawUpstream(answerHeads);
  ingress = ingressTo([upstream.port]);
});
afterEach(async () => {
  await ingress.close(0);
  upstream.stop();
});

const origin = `X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: ${host}\r\n\r\n`;

test("a request is forwarded with its fields in order and the client's address added", async () => {
  const client = await converse(ingress.port, request("GET /a?b=c HTTP/1.1", ["Accept:\t*/* ", "X-A: \xe9", close]));
  expect(client.received).toBe(okResponse.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
  expect(upstream.text).toBe(`GET /a?b=c HTTP/1.1\r\nHost: ${host}\r\nAccept: */*\r\nX-A: \xe9\r\n${origin}`);
});

test("hop-by-hop fields end here, those that Connection lists included", async () => {
  const fields = [
    "X-Listed: 1",
    "Connection: close, X-Listed, Content-Length",
    "Keep-Alive: timeout=5",
    "TE: trailers",
    "Proxy-Connection: keep-alive",
    "Proxy-Authorization: Basic eA==",
    "Proxy: http://evil",
    "Upgrade: h2c",
    "HTTP2-Settings: AAMAAABk",
    "x-listed: 2",
    "Content-Length: 0",
  ];
  await converse(ingress.port, request("POST / HTTP/1.1", fields));
  expect(upstream.text).toBe(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n${origin}`);
});

test("what a client says about its own origin is replaced", async () => {
  const fields = [
    "X-Forwarded-For: 6.6.6.6",
    "x_forwarded_for: 6.6.6.6",
    "X-Forwarded-Host: evil",
    "X-Forwarded-Proto: https",
  ];
  await converse(ingress.port, request(undefined, [...fields, "Forwarded: for=6.6.6.6", "X-Real-IP: 6.6.6.6", close]));
  expect(upstream.text).toBe(`GET / HTTP/1.1\r\nHost: ${host}\r\n${origin}`);
});

test("an absolute-form target counts instead of Host", async () => {
  await converse(ingress.port, `GET HTTP://App.localhost:81/p?q HTTP/1.1\r\nHost: other\r\n${close}\r\n\r\n`);
  await converse(ingress.port, `GET http://app.localhost?q HTTP/1.1\r\nHost: other\r\n${close}\r\n\r\n`);
  const lines = upstream.text.split("\r\n").filter((line) => /^GET|Host/.test(line));
  expect(lines).toEqual([
    "GET /p?q HTTP/1.1",
    "Host: App.localhost:81",
    "X-Forwarded-Host: App.localhost:81",
    "GET /?q HTTP/1.1",
    "Host: app.localhost",
    "X-Forwarded-Host: app.localhost",
  ]);
});

test.each(["APP.localhost", "app.localhost:8000", "app.localhost.", "App.LocalHost:"])(
  "Host %s names the service",
  async (name) => {
    const client = await converse(ingress.port, `GET / HTTP/1.1\r\nHost: ${name}\r\n${close}\r\n\r\n`);
    expect(client.status).toBe(200);
  },
);

test("hosts of a route can change, and an IPv6 address is one", async () => {
  ingress.setRoute(key, ["Other.localhost", "[::1]"]);
  const status = async (name: string) =>
    (await converse(ingress.port, `GET / HTTP/1.1\r\nHost: ${name}\r\n${close}\r\n\r\n`)).status;
  expect([await status(host), await status("other.localhost"), await status("[::1]:80")]).toEqual([404, 200, 200]);
});

test("pipelined requests are answered in order, and the last may lack a body", async () => {
  const posted = request("POST /2 HTTP/1.1", ["Content-Length: 3"], "abc");
  const client = await converse(
    ingress.port,
    request("GET /1 HTTP/1.1") + posted + request("GET /3 HTTP/1.1") + request("GET /4 HTTP/1.1", [close]),
  );
  expect(client.received.match(/HTTP\/1\.1 200/g)).toHaveLength(4);
  expect([...upstream.text.matchAll(/(GET|POST) (\S+)/g)].map(([, , path]) => path)).toEqual(["/1", "/2", "/3", "/4"]);
  expect(upstream.peers).toHaveLength(1);
});

test("a pipelined request for nobody is answered in its turn", async () => {
  const lost = "GET / HTTP/1.1\r\nHost: nope\r\n\r\n";
  const client = await converse(ingress.port, request() + lost + lost + request(undefined, [close]));
  expect([...client.received.matchAll(/^HTTP\/1\.1 (\d+)|(?<=ok)HTTP\/1\.1 (\d+)/gm)].map((m) => m[1] ?? m[2])).toEqual(
    ["200", "404", "404", "200"],
  );
});

test("one empty line before a request is ignored", async () => {
  const client = await converse(ingress.port, `\r\n${request(undefined, [close])}`);
  expect(client.status).toBe(200);
});

test("an HTTP/1.0 client gets its connection kept only when it asks", async () => {
  const once = await converse(ingress.port, request("GET / HTTP/1.0"));
  expect(once.received).toContain("Connection: close");
  const kept = await RawClient.connect(ingress.port);
  await kept.send(request("GET / HTTP/1.0", ["Connection: keep-alive"])).receives("ok");
  expect(kept.received).toContain("Connection: keep-alive");
  await kept.send(request("GET / HTTP/1.0")).gone();
  expect(kept.received.match(/ok/g)).toHaveLength(2);
});

test("a chunked body passes as it is, without extensions and trailers", async () => {
  const body = '5;a=b;c="d"\r\nhello\r\n0A\r\n0123456789\r\n0;z\r\nX-Sum: 1\r\nContent-Length: 3\r\nCookie: a\r\n\r\n';
  const client = await converse(ingress.port, request("POST / HTTP/1.1", ["Transfer-Encoding: Chunked", close], body));
  expect(client.status).toBe(200);
  const [, forwarded] = upstream.text.split(`Transfer-Encoding: chunked\r\n${origin}`);
  expect(forwarded).toBe("5\r\nhello\r\n0A\r\n0123456789\r\n0\r\n\r\n");
});

test("100-continue is asked and granted end to end", async () => {
  await ingress.close(0);
  upstream.stop();
  upstream = new RawUpstream((peer) => {
    if (peer.text.endsWith("hello")) peer.send(okResponse);
    else peer.send("HTTP/1.1 100 Continue\r\n\r\n");
  });
  ingress = ingressTo([upstream.port]);
  const client = await RawClient.connect(ingress.port);
  client.send(request("POST / HTTP/1.1", ["Expect: 100-Continue", "Content-Length: 5"]));
  await client.receives("HTTP/1.1 100 Continue\r\n\r\n");
  expect(upstream.text).toContain("Expect: 100-continue\r\n");
  await client.send("hello").receives("ok");
});

test("a client that closes its sending half still gets the response", async () => {
  const client = await RawClient.connect(ingress.port);
  await client.send(request()).halfClose().receives("ok");
  await client.gone();
});

test("requests pipelined before the client closes its sending half are all answered", async () => {
  const client = await RawClient.connect(ingress.port);
  client.send(request("GET /1 HTTP/1.1") + request("GET /2 HTTP/1.1") + request("GET /3 HTTP/1.1")).halfClose();
  await client.gone();
  expect(client.received.match(/ok/g)).toHaveLength(3);
});

test("an early response ends a connection whose request isn't complete", async () => {
  const client = await RawClient.connect(ingress.port);
  await client.send(request("POST / HTTP/1.1", ["Content-Length: 1000000"], "some")).receives("ok");
  expect(client.received).toContain("Connection: close");
  client.send(`GET /hidden HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await client.gone();
  await client.until("the upstream connection's end", () => upstream.peers[0]?.closed === true);
  expect(client.received.match(/HTTP\/1\.1/g)).toHaveLength(1);
  expect(upstream.text).not.toContain("/hidden");
});

test("an address in use is an error that names it", () => {
  expect(() => ingressTo([], { port: ingress.port })).toThrow(`127.0.0.1:${ingress.port}`);
});
