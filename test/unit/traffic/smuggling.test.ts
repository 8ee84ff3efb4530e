import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Ingress } from "../../../src/traffic/index.ts";
import { host, ingressTo, request } from "./ingress-fixture.ts";
import { converse, RawClient } from "./raw-client.ts";
import { answerHeads, RawUpstream } from "./raw-upstream.ts";

const hidden = "GET /hidden HTTP/1.1\r\nHost: app.localhost\r\n\r\n";
const post = "POST / HTTP/1.1";

/** Requests that two parsers could frame or route differently: each is refused, and no byte of it reaches an upstream. */
const refused: readonly (readonly [name: string, bytes: string, status: number])[] = [
  ["CL.TE", request(post, ["Content-Length: 6", "Transfer-Encoding: chunked"], `0\r\n\r\n${hidden}`), 400],
  ["TE.CL", request(post, ["Transfer-Encoding: chunked", "Content-Length: 4"], `5c\r\n${hidden}0\r\n\r\n`), 400],
  ...[
    "xchunked",
    "chunked, identity",
    "identity, chunked",
    "gzip, chunked",
    "chunked, chunked",
    "chunked,",
    '"chunked"',
    "chunked;q=1",
    "chunk",
    "",
    "identity",
    "\x0bchunked",
    "chunked\x0c",
    "\xa0chunked",
  ].map(
    (value) =>
      [
        `TE.TE: ${JSON.stringify(value)}`,
        request(post, [`Transfer-Encoding: ${value}`], `0\r\n\r\n${hidden}`),
        400,
      ] as const,
  ),
  ["TE twice", request(post, ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], "0\r\n\r\n"), 400],
  ["TE twice, equal", request(post, ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], "0\r\n\r\n"), 400],
  ["TE with a space before the colon", request(post, ["Transfer-Encoding : chunked"], "0\r\n\r\n"), 400],
  ["TE with a tab before the colon", request(post, ["Transfer-Encoding\t: chunked"], "0\r\n\r\n"), 400],
  ["TE with an underscore", request(post, ["Transfer_Encoding: chunked"], "0\r\n\r\n"), 400],
  ["TE behind a bare LF", request(post, ["X: 1\nTransfer-Encoding: chunked"], "0\r\n\r\n"), 400],
  ["TE behind a bare CR", request(post, ["X: 1\rTransfer-Encoding: chunked"], "0\r\n\r\n"), 400],
  ["TE folded", request(post, ["Transfer-Encoding:\r\n chunked"], "0\r\n\r\n"), 400],
  ["TE in HTTP/1.0", request("POST / HTTP/1.0", ["Transfer-Encoding: chunked"], "0\r\n\r\n"), 400],
  ["CL twice, different", request(post, ["Content-Length: 0", "Content-Length: 44"], hidden), 400],
  ["CL twice, equal", request(post, ["Content-Length: 2", "Content-Length: 2"], "ab"), 400],
  ...[
    "+2",
    "-2",
    "0x2",
    "2 2",
    "2,2",
    "2, 2",
    "",
    "2.0",
    "1e1",
    "２",
    "9999999999999999",
    "18446744073709551618",
    "2;",
  ].map((value) => [`CL: ${JSON.stringify(value)}`, request(post, [`Content-Length: ${value}`], "ab"), 400] as const),
  ["CL with an underscore", request(post, ["Content_Length: 2"], "ab"), 400],
  ["bare LF after the request line", `GET / HTTP/1.1\nHost: ${host}\r\n\r\n`, 400],
  ["bare LF everywhere", `GET / HTTP/1.1\nHost: ${host}\n\n`, 400],
  ["bare LF at the end", `GET / HTTP/1.1\r\nHost: ${host}\r\n\n`, 400],
  ["bare CR after the request line", `GET / HTTP/1.1\rHost: ${host}\r\n\r\n`, 400],
  ["bare CR in a value", request(undefined, ["X: a\rb"]), 400],
  ["obs-fold", request(undefined, ["X: a\r\n b"]), 400],
  ["whitespace before the first field", `GET / HTTP/1.1\r\n Host: ${host}\r\n\r\n`, 400],
  ["NUL in a value", request(undefined, ["X: a\0b"]), 400],
  ["NUL in a name", request(undefined, ["X\0: a"]), 400],
  ["NUL in the target", request("GET /\0 HTTP/1.1"), 400],
  ["DEL in a value", request(undefined, ["X: a\x7f"]), 400],
  ["a control character in a value", request(undefined, ["X: \x01"]), 400],
  ["a field without colon", request(undefined, ["X"]), 400],
  ["a field without name", request(undefined, [": x"]), 400],
  ["a space in a name", request(undefined, ["X Y: 1"]), 400],
  ["non-ASCII in a name", request(undefined, ["X\xe9: 1"]), 400],
  ["brackets in a name", request(undefined, ["X(Y): 1"]), 400],
  ["no Host", "GET / HTTP/1.1\r\n\r\n", 400],
  ["two Hosts, different", request(undefined, ["Host: other.localhost"]), 400],
  ["two Hosts, equal", request(undefined, [`Host: ${host}`]), 400],
  ["Host with an underscore for a letter", "GET / HTTP/1.1\r\nHos_t: x\r\n\r\n", 400],
  ...[
    "",
    "a b",
    "a,b",
    "user@app.localhost",
    "app.localhost:x",
    "app.localhost:99999",
    "app.localhost:-1",
    "app/..",
    "[::1",
    "[x]",
    "%61pp.localhost",
  ].map((value) => [`Host: ${JSON.stringify(value)}`, `GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`, 400] as const),
  ["no such host", "GET / HTTP/1.1\r\nHost: nope.localhost\r\nConnection: close\r\n\r\n", 404],
  ["absolute-form for an unknown host", request("GET http://nope.localhost/ HTTP/1.1", ["Connection: close"]), 404],
  ["absolute-form with credentials", request("GET http://user@app.localhost/ HTTP/1.1"), 400],
  ["absolute-form without host", request("GET http:/// HTTP/1.1"), 400],
  ["absolute-form with another scheme", request("GET ftp://app.localhost/ HTTP/1.1"), 400],
  ["authority-form", request("GET app.localhost:80 HTTP/1.1"), 400],
  ["a relative target", request("GET hidden HTTP/1.1"), 400],
  ["asterisk-form of GET", request("GET * HTTP/1.1"), 400],
  ["a fragment in the target", request("GET /#x HTTP/1.1"), 400],
  ["non-ASCII in the target", request("GET /\xe9 HTTP/1.1"), 400],
  ["a tab in the request line", request("GET\t/ HTTP/1.1"), 400],
  ["two spaces in the request line", request("GET  / HTTP/1.1"), 400],
  ["a space behind the version", request("GET / HTTP/1.1 "), 400],
  ["a method that is no token", request("GE(T / HTTP/1.1"), 400],
  ["an endless method", request(`${"A".repeat(40)} / HTTP/1.1`), 400],
  ["CONNECT", "CONNECT app.localhost:80 HTTP/1.1\r\nHost: app.localhost\r\n\r\n", 405],
  ["TRACE", request("TRACE / HTTP/1.1"), 405],
  ["HTTP/0.9", "GET /\r\n", 400],
  ["HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505],
  ["HTTP/1.2", request("GET / HTTP/1.2"), 505],
  ["HTTP/1.11", request("GET / HTTP/1.11"), 400],
  ["http/1.1 in lower case", request("GET / http/1.1"), 400],
  ["a TLS handshake", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", 400],
  ["several empty lines first", `\r\n\r\n\r\n${request()}`, 400],
  ["an unknown expectation", request(post, ["Expect: magic", "Content-Length: 2"], "ab"), 417],
  ["a Connection field that is no list", request(undefined, ["Connection: a b"]), 400],
  ["an oversized request line", request(`GET /${"a".repeat(9_000)} HTTP/1.1`), 414],
  ["an endless request line", `GET /${"a".repeat(20_000)}`, 414],
  ["an oversized head", request(undefined, [`X: ${"a".repeat(17_000)}`]), 431],
  ["an endless head", `GET / HTTP/1.1\r\n${"X: a\r\n".repeat(40)}Y: ${"a".repeat(20_000)}`, 431],
  [
    "too many fields",
    request(
      undefined,
      Array.from({ length: 101 }, (_, i) => `X-${i}: 1`),
    ),
    431,
  ],
  ...[
    "",
    " 5",
    "5 ",
    "+5",
    "-5",
    "0x5",
    "g",
    "5\n",
    "fffffffff",
    "80000000",
    "5;a=\0",
    "5;a=\n",
    `5;${"a".repeat(5_000)}`,
    "5\x0b",
    "5,",
  ].map(
    (size) =>
      [
        `chunk size ${JSON.stringify(size.slice(0, 12))}`,
        request(post, ["Transfer-Encoding: chunked"], `${size}\r\nhello\r\n0\r\n\r\n`),
        400,
      ] as const,
  ),
  ["a chunk longer than its size", request(post, ["Transfer-Encoding: chunked"], "2\r\nhello\r\n0\r\n\r\n"), 400],
  ["a chunk that ends with LF", request(post, ["Transfer-Encoding: chunked"], "5\r\nhello\n0\r\n\r\n"), 400],
  ["a chunk that ends with CR", request(post, ["Transfer-Encoding: chunked"], "5\r\nhello\rX0\r\n\r\n"), 400],
  ["a malformed trailer", request(post, ["Transfer-Encoding: chunked"], "0\r\nX : 1\r\n\r\n"), 400],
  ["a bare LF in the trailers", request(post, ["Transfer-Encoding: chunked"], "0\r\nX: 1\n\r\n"), 400],
  ["endless trailers", request(post, ["Transfer-Encoding: chunked"], `0\r\nX: ${"a".repeat(9_000)}`), 400],
];

let upstream: RawUpstream;
let ingress: Ingress;
beforeAll(() => {
  upstream = new RawUpstream(answerHeads);
  ingress = ingressTo([upstream.port]);
});
afterAll(async () => {
  await ingress.close(0);
  upstream.stop();
});

for (const [name, bytes, status] of refused) {
  test(`${name} is answered with ${status} and reaches no upstream`, async () => {
    const before = upstream.text.length;
    const client = await converse(ingress.port, bytes);
    expect(client.status).toBe(status);
    expect(client.received.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
    expect(upstream.text.slice(before)).toBe("");
  });
}

test("the same refusals come when the bytes drip in one by one", async () => {
  const sample = refused.filter(([, bytes], i) => bytes.length < 300 && i % 5 === 0);
  for (const [name, bytes, status] of sample) {
    const client = await RawClient.connect(ingress.port);
    for (const byte of bytes) client.send(byte);
    await client.gone();
    expect([name, client.status]).toEqual([name, status]);
    client.close();
  }
  expect(upstream.text).not.toContain("/hidden");
});

test("a body that turns out malformed later is cut off, and the upstream connection with it", async () => {
  const client = await RawClient.connect(ingress.port);
  client.send(request(post, ["Transfer-Encoding: chunked", "X-Case: late"], "5\r\nhello\r\n"));
  const peer = () => upstream.peers.find(({ text }) => text.includes("X-Case: late"));
  await client.receives("ok");
  client.send(`zz\r\n${hidden}`);
  await client.gone();
  await client.until("the upstream connection's end", () => peer()?.closed === true);
  expect(peer()?.text).not.toContain("/hidden");
});
