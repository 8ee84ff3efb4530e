import { expect, test } from "bun:test";
import fc from "fast-check";
import { BodyKind, RequestHead } from "../../src/traffic/http1/index.ts";

const origin = Buffer.from("X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: ");
const tchar = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]";
const headShape = new RegExp(
  `^${tchar}{1,24} (/[\\x21-\\x7e]*|\\*) HTTP/1\\.1\\r\\n(${tchar}+: [\\t\\x20-\\x7e\\x80-\\xff]*\\r\\n)+\\r\\n$`,
);

const seeds = [
  "POST /p?q=1 HTTP/1.1\r\nHost: a.localhost\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello",
  "POST / HTTP/1.1\r\nHost: a.localhost\r\nTransfer-Encoding: chunked\r\nConnection: close, X-A\r\nX-A: 1\r\n\r\n0\r\n\r\n",
  "GET http://b.localhost:80/x HTTP/1.1\r\nHost: a.localhost\r\nExpect: 100-continue\r\n\r\n",
  "GET /ws HTTP/1.1\r\nHost: a.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  "PUT / HTTP/1.0\r\nHost: a.localhost\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi",
];

const snippets = [
  "\r",
  "\n",
  "\r\n",
  "\0",
  " ",
  "\t",
  ":",
  ",",
  "_",
  "-",
  "+",
  "0",
  "1",
  "\x0b",
  "\x7f",
  "\xa0",
  "chunked",
  "identity",
  "Content-Length: 7\r\n",
  "content_length: 7\r\n",
  "Content-Length : 7\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding:\tchunked\r\n",
  "Transfer-Encoding: \r\n chunked\r\n",
  "transfer-ENCODING: chunked, identity\r\n",
  "Host: c.localhost\r\n",
  "Connection: Transfer-Encoding\r\n",
  "Connection: Host\r\n",
  "Upgrade: h2c\r\n",
  "HTTP/1.0",
  "X-Forwarded-For: 6.6.6.6\r\n",
  "X_Forwarded_For: 6.6.6.6\r\n",
];

const mutation = fc.tuple(
  fc.constantFrom("insert", "delete", "replace", "duplicate"),
  fc.nat(),
  fc.nat(12),
  fc.constantFrom(...snippets),
);

function mutate(text: string, [kind, place, length, snippet]: readonly [string, number, number, string]): string {
  const at = place % (text.length + 1);
  const [before, cut, after] = [text.slice(0, at), text.slice(at, at + length), text.slice(at + length)];
  if (kind === "insert") return before + snippet + cut + after;
  if (kind === "delete") return before + after;
  if (kind === "replace") return before + snippet + after;
  return before + cut + cut + after;
}

/** Values of a field in a forwarded head, found the way a lenient server would: `_` counts as `-`, and whitespace is cut off. */
function values(forwarded: string, name: string): string[] {
  return forwarded
    .split(/\r\n|\n|\r/)
    .slice(1)
    .map((line) => line.split(":"))
    .filter(([field]) => field?.trim().toLowerCase().replaceAll("_", "-") === name)
    .map(([, ...rest]) => rest.join(":").trim());
}

test("whatever is forwarded has one framing, one host and one origin: the ones that were judged", () => {
  const head = new RequestHead();
  let forwardedCount = 0;
  fc.assert(
    fc.property(fc.constantFrom(...seeds), fc.array(mutation, { maxLength: 3 }), (seed, mutations) => {
      const bytes = Buffer.from(mutations.reduce(mutate, seed), "latin1");
      if (head.read(bytes, 0, origin) < 0) return;
      forwardedCount++;
      const forwarded = head.out.bytes.toString("latin1", 0, head.out.length);
      expect(forwarded).toMatch(headShape);
      const lengths = values(forwarded, "content-length");
      const codings = values(forwarded, "transfer-encoding");
      expect(lengths).toEqual(head.bodyKind === BodyKind.length ? [String(head.contentLength)] : []);
      expect(codings).toEqual(head.bodyKind === BodyKind.chunked ? ["chunked"] : []);
      const hosts = values(forwarded, "host");
      expect(hosts).toHaveLength(1);
      expect(hosts[0]?.toLowerCase().replace(/:\d*$/, "").replace(/\.$/, "")).toBe(head.host);
      expect(values(forwarded, "x-forwarded-for")).toEqual(["127.0.0.1"]);
      expect(values(forwarded, "connection")).toEqual(head.upgrade ? ["Upgrade"] : []);
      expect(values(forwarded, "upgrade")).not.toContain("h2c");
      // Reading our own output gives the same judgement: nothing in it can be read in two ways.
      const judged = [head.bodyKind, head.contentLength, head.host, head.line.method];
      const again = Buffer.from(forwarded, "latin1");
      expect(head.read(again, 0, origin)).toBe(again.length);
      expect([head.bodyKind, head.contentLength, head.host, head.line.method]).toEqual(judged);
    }),
    { numRuns: 5_000 },
  );
  expect(forwardedCount).toBeGreaterThan(500);
});
