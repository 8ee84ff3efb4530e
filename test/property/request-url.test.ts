import { expect, test } from "bun:test";
import fc from "fast-check";
import { urlOf } from "../../src/gateway/http/request-url.ts";

/** A request's URL is cut into pieces without `URL`: they are what `URL` would have given. */

const part = fc.oneof(
  fc.string(),
  fc.constantFrom("..", ".", "%2e%2e", "%zz", "a b", "ä", "?", "#", "//", "\\", ":", "@"),
);
const urls = fc
  .tuple(
    fc.constantFrom("localhost", "127.0.0.1:8080", "X.localhost:80", "[::1]:9000", "solo.example:1"),
    fc.array(part, { maxLength: 5 }),
    fc.option(part),
    fc.option(part),
  )
  .map(
    ([host, path, query, hash]) => `http://${host}/${path.join("/")}?${query ?? ""}${hash === null ? "" : `#${hash}`}`,
  )
  .filter((url) => URL.canParse(url));

test("a URL in pieces is the same as URL's own", () => {
  fc.assert(
    fc.property(fc.oneof(urls, fc.webUrl({ withQueryParameters: true, validSchemes: ["http"] })), (text) => {
      const wanted = new URL(text);
      const { host, pathname, search, searchParams } = urlOf(new Request(text));
      expect({ host, pathname, search }).toEqual({
        host: wanted.host,
        pathname: wanted.pathname,
        search: wanted.search,
      });
      expect([...searchParams]).toEqual([...wanted.searchParams]);
    }),
    { numRuns: 500 },
  );
});

test("a host that can't be one is refused, however many good ones were seen", () => {
  for (let count = 0; count < 300; count++) {
    expect(urlOf(new Request(`http://host-${count}/a`)).host).toBe(`host-${count}`);
  }
  for (const url of ["http://x:99999/v1", "http://999.1.1.1/v1", "http://[::::/v1", "/v1/version", ""]) {
    expect(() => urlOf({ url })).toThrow("the header Host names no host");
  }
});
