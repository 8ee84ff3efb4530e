import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { permissions } from "../../src/api/index.ts";
import { serveApi } from "../../src/gateway/http/index.ts";
import { Access } from "../../src/kernel/access/index.ts";
import { capabilityAuthority } from "../../src/kernel/capabilities.ts";
import { CapabilityShop } from "../support/capability-shop.ts";
import { sampleApi } from "../unit/gateway/sample-api.ts";

/** Whatever stands in the header of a token: nobody gets in by it, and nothing breaks. */

const folder = mkdtempSync(join(tmpdir(), "solo-tokens-"));
const socketPath = join(folder, "solo.sock");
const shop = new CapabilityShop();
const access = new Access({
  api: () => sampleApi(),
  authority: capabilityAuthority(shop.capabilities, () => false),
});
const bugs: Error[] = [];
const server = serveApi({ access, socketPath, version: "1", onBug: (error) => bugs.push(error) });
const { token } = shop.capabilities.grant({ tenant: "default", resource: "tenant", permissions });

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const scheme = fc.constantFrom("Bearer ", "bearer ", "BEARER  ", "Basic ", "Bearer", "Bearer\t", "");
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.constantFrom("", "null", "undefined", "*", "solo_cap_", `solo_cap_${"A".repeat(43)}`, "A".repeat(20_000)),
  fc.nat(51).map((length) => token.slice(0, length)),
  fc.string().map((more) => `${token}${more === "" ? "x" : more}`),
  fc.string().map((more) => `${more === "" ? "x" : more}${token}`),
);

test("a header that is no token of this kernel is refused, as that and nothing else", async () => {
  await fc.assert(
    fc.asyncProperty(scheme, text, async (before, after) => {
      const status = await statusOf(Buffer.from(`Authorization: ${before}${after}\r\n`, "latin1"));
      const isIt = `${before}${after}`.trim().match(/^bearer +(\S+)$/i)?.[1] === token;
      // 400 and 431 are the server's own words for what is no header at all, or a too long one.
      const expected = isIt ? [200] : [401, 400, 431];
      // An empty header is none: then it is somebody without credentials.
      expect([`${before}${after}`, expected.includes(status)]).toEqual([`${before}${after}`, true]);
    }),
    { numRuns: 300 },
  );
  expect(bugs).toEqual([]);
});

test("two headers are not one: what one of them opens, both together don't open more", async () => {
  const wrong = `solo_cap_${"A".repeat(43)}`;
  const both = `Authorization: Bearer ${wrong}\r\nAuthorization: Bearer ${token}\r\n`;
  expect(await statusOf(Buffer.from(both))).not.toBe(500);
  const owner = `Authorization: Bearer ${wrong}\r\nx-solo-owner: ${"0".repeat(64)}\r\n`;
  expect(await statusOf(Buffer.from(owner))).toBe(401);
});

/** Over a plain connection: `fetch` would not send most of it. */
function statusOf(header: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let answer = "";
    socket.on("error", reject);
    socket.on("data", (data) => {
      answer += data.toString("latin1");
      const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1];
      if (status === undefined) return;
      socket.destroy();
      resolve(Number(status));
    });
    socket.on("close", () => resolve(400));
    socket.write(
      Buffer.concat([Buffer.from("GET /v1/services HTTP/1.1\r\nhost: solo\r\n"), header, Buffer.from("\r\n")]),
    );
  });
}
