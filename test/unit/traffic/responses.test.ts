import { afterEach, expect, test } from "bun:test";
import type { Ingress } from "../../../src/traffic/index.ts";
import { ingressTo, key, request } from "./ingress-fixture.ts";
import { converse, RawClient } from "./raw-client.ts";
import { okResponse, RawUpstream } from "./raw-upstream.ts";

let upstream: RawUpstream;
let ingress: Ingress;
afterEach(async () => {
  await ingress.close(0);
  upstream.stop();
});

/** An upstream that answers every arrival of bytes with `response`, and an ingress before it. */
function answering(response: string, end = false): void {
  upstream = new RawUpstream((peer) => {
    peer.send(response);
    if (end) peer.end();
  });
  ingress = ingressTo([upstream.port]);
}

const ask = (line?: string, fields: readonly string[] = []) =>
  converse(ingress.port, request(line, [...fields, "Connection: close"]));

const smuggled = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhidden";

const malformed: readonly (readonly [name: string, response: string])[] = [
  ["both framings", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"],
  ["two equal lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok"],
  ["a signed length", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok"],
  ["an unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
  ["a coding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["bare LFs", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"],
  ["a folded field", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok"],
  ["a space before a colon", "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok"],
  ["NUL", "HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 2\r\n\r\nok"],
  ["a CR in a value", "HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\n\r\n"],
  ["no status line", "hello there, this is not HTTP\r\n\r\n"],
  ["HTTP/2", "HTTP/2 200 OK\r\n\r\n"],
  ["a short status", "HTTP/1.1 20 OK\r\n\r\n"],
  ["a long status", "HTTP/1.1 2000 OK\r\n\r\n"],
  ["a status with a sign", "HTTP/1.1 +20 OK\r\n\r\n"],
  ["an endless head", `HTTP/1.1 200 OK\r\nX: ${"a".repeat(40_000)}`],
  ["101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"],
  ["interim responses for ever", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(50)],
];

for (const [name, response] of malformed) {
  test(`a response with ${name} becomes 502, and its connection is dropped`, async () => {
    answering(response);
    const client = await ask();
    expect(client.received.replaceAll(/HTTP\/1\.1 103[^\n]*\n\r\n/g, "")).toStartWith("HTTP/1.1 502 ");
    await client.until("the drop", () => upstream.peers.every(({ closed }) => closed));
    expect(ingress.stats(key)).toMatchObject({ inFlight: 0, errors: 1 });
  });
}

test("a body that becomes malformed cuts the client off, so that it can't take a part for the whole", async () => {
  answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n");
  const client = await ask();
  expect(client.received).not.toContain("zz");
  expect(client.received).not.toContain("\r\n0\r\n");
});

test.each([
  ["Content-Length: 10\r\n\r\nshort", "length"],
  ["Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "chunked"],
])("a response cut short (%#) is cut short for the client as well", async (rest) => {
  answering(`HTTP/1.1 200 OK\r\n${rest}`, true);
  const client = await ask();
  expect(client.received).toContain("HTTP/1.1 200 OK");
  expect(client.received).not.toContain("0\r\n\r\n");
  expect(ingress.stats(key).errors).toBe(1);
});

test("bytes behind a response are nobody's response", async () => {
  answering(okResponse + smuggled);
  const client = await RawClient.connect(ingress.port);
  await client.send(request()).receives("ok");
  await client.send(request()).until("two answers", () => client.received.split("HTTP/1.1 200").length === 3);
  expect(client.received).not.toContain("hidden");
  expect(upstream.peers).toHaveLength(2);
  client.close();
});

test("bytes on an idle connection drop it", async () => {
  answering(okResponse);
  const client = await RawClient.connect(ingress.port);
  await client.send(request()).receives("ok");
  upstream.peers[0]?.send(smuggled);
  await client.until("the drop", () => upstream.peers[0]?.closed === true);
  await client.send(request()).until("two answers", () => client.received.split("HTTP/1.1 200").length === 3);
  expect(client.received).not.toContain("hidden");
  client.close();
});

test("HEAD, 204 and 304 have no body, whatever their fields say", async () => {
  answering("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
  expect((await ask("HEAD / HTTP/1.1")).received).toBe(
    "HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n\r\n",
  );
  await ingress.close(0);
  upstream.stop();
  answering("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n");
  expect((await ask()).received).toBe("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  await ingress.close(0);
  upstream.stop();
  answering("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
  expect((await ask()).received).toBe("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nConnection: close\r\n\r\n");
});

test("a response that ends with its connection does so for the client", async () => {
  answering("HTTP/1.0 200\r\nX: 1\r\n\r\nuntil the end", true);
  const client = await converse(ingress.port, request());
  expect(client.received).toBe("HTTP/1.1 200 \r\nX: 1\r\nConnection: close\r\n\r\nuntil the end");
  expect(ingress.stats(key).errors).toBe(0);
});

test("interim responses pass, but not to an HTTP/1.0 client", async () => {
  answering(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${okResponse}`);
  expect((await ask()).received).toStartWith("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n");
  expect((await ask("GET / HTTP/1.0")).received).toStartWith("HTTP/1.1 200 OK\r\n");
});

test("an HTTP/1.0 client gets a chunked body without the chunks", async () => {
  answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x\r\n!\r\n0\r\nX: 1\r\n\r\n");
  const client = await converse(ingress.port, request("GET / HTTP/1.0", ["Connection: keep-alive"]));
  expect(client.received).toBe("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello!");
});

test("a chunked response passes as it is, without extensions and unsafe trailers", async () => {
  const start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n";
  answering(`${start}\r\n2;a="b"\r\nok\r\n0\r\nX-Sum: 1\r\nContent-Length: 3\r\nSet-Cookie: a\r\n\r\n`);
  const client = await ask();
  expect(client.received).toBe(`${start}Connection: close\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n`);
});

test("hop-by-hop fields of a response end here", async () => {
  answering(
    "HTTP/1.1 200 OK\r\nX-Listed: 1\r\nConnection: X-Listed, keep-alive\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: x\r\nUpgrade: h2\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n",
  );
  const client = await ask();
  expect(client.received).toBe(
    "HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
  );
});

test("a response may come in single bytes", async () => {
  const response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n";
  upstream = new RawUpstream(async (peer) => {
    for (const byte of response) {
      peer.send(byte);
      await Bun.sleep(0);
    }
  });
  ingress = ingressTo([upstream.port]);
  const client = await RawClient.connect(ingress.port);
  await client.send(request()).receives("X-T: 1\r\n\r\n");
  expect(client.received).toBe(response);
  await client.until("the pool", () => ingress.stats(key).inFlight === 0);
  client.close();
});
