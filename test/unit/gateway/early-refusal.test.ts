import { afterAll, expect, test } from "bun:test";
import { permissions } from "../../../src/api/index.ts";
import { openTcpDoor } from "../../../src/gateway/http/index.ts";
import { admission } from "../../../src/kernel/access/admission.ts";
import { Access, type RefusedRequest } from "../../../src/kernel/access/index.ts";
import { capabilityAuthority } from "../../../src/kernel/capabilities.ts";
import { RateLimit, Slots, TenantRates } from "../../../src/traffic/admission/index.ts";
import { CapabilityShop } from "../../support/capability-shop.ts";
import { freePort, waitFor } from "../../support/index.ts";
import { sampleApi } from "./sample-api.ts";

/** What is refused for the load is refused before its body is read. */

const shop = new CapabilityShop();
const slots = new Slots("requests", { perTenant: 1, total: 10 });
const streams = new Slots("streams", { perTenant: 1, total: 10 });
const rates = new RateLimit(1_000, shop.clock);
const tenantRates = new TenantRates(shop.clock, () => undefined);
const refused: RefusedRequest[] = [];
const api = sampleApi();
const access = new Access({
  api: () => api,
  authority: capabilityAuthority(shop.capabilities, () => false),
  admission: admission({ slots, streams, rates, tenantRates }),
  onRefusal: (request) => refused.push(request),
});
const port = freePort();
const door = openTcpDoor({
  ...{ access, bind: "127.0.0.1", port, version: "1", onBug: () => undefined, say: () => undefined },
});
afterAll(() => door.close());

const grant = (tenant: string, resource = "tenant", allowed: readonly string[] = permissions) =>
  shop.capabilities.grant({ tenant, resource, permissions: [...allowed] }).token;

const kill = (token: string, length: number, key?: string) =>
  [
    "POST /v1/services/web/kill HTTP/1.1",
    "host: localhost",
    `authorization: Bearer ${token}`,
    `content-length: ${length}`,
    ...(key === undefined ? [] : [`idempotency-key: ${key}`]),
    "",
    "",
  ].join("\r\n");

/** What was answered, in order, to bytes that are written one after another. */
async function answersTo(count: number, ...pieces: readonly string[]): Promise<number[]> {
  let heard = "";
  const statuses = () => [...heard.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
  const socket = await Bun.connect({
    ...{ hostname: "127.0.0.1", port },
    socket: { data: (_, bytes) => void (heard += bytes.toString("latin1")) },
  });
  for (const piece of pieces) {
    socket.write(piece);
    await Bun.sleep(1);
  }
  await waitFor(() => statuses().length >= count, { what: `${count} answers` });
  socket.end();
  return statuses();
}

test("who has no place is told so, whatever the body holds, and is on record with what it asked for", async () => {
  const token = grant("busy");
  const lease = slots.take("busy");
  refused.length = 0;
  expect(await answersTo(1, `${kill(token, 9)}{not JSON`)).toEqual([429]);
  expect(refused).toMatchObject([{ operation: "kill", tenant: "busy", names: ["web"], changes: true }]);
  lease.release();
  expect(await answersTo(1, `${kill(token, 9)}{not JSON`)).toEqual([400]);
});

test("the next request on the connection is the one behind the body, however it comes", async () => {
  const token = grant("full");
  const lease = slots.take("full");
  const version = "GET /v1/version HTTP/1.1\r\nhost: localhost\r\n\r\n";
  const long = "x".repeat(300_000);
  const body = '{"tenant":"full"}';
  expect(await answersTo(4, (kill(token, body.length) + body).repeat(3) + version)).toEqual([429, 429, 429, 200]);
  expect(await answersTo(2, kill(token, long.length), long, version)).toEqual([429, 200]);
  expect(await answersTo(2, kill(token, long.length) + long.slice(1), `x${version}`)).toEqual([429, 200]);
  lease.release();
});

test("what may not be asked at all is refused for that reason", async () => {
  const lease = slots.take("strict");
  const body = '{"tenant":"strict"}';
  for (const token of [grant("strict", "tenant", ["read"]), grant("strict", "service:other"), grant("other")]) {
    expect(await answersTo(1, kill(token, body.length) + body)).toEqual([403]);
  }
  lease.release();
});

test("a request under a key is read: it may have been answered already", async () => {
  const token = grant("keyed");
  const lease = slots.take("keyed");
  expect(await answersTo(1, `${kill(token, 9, "one")}{not JSON`)).toEqual([400]);
  lease.release();
});

test("to look whether there is room takes none", async () => {
  const token = grant("calm");
  const body = '{"tenant":"calm"}';
  for (let count = 0; count < 5; count++) expect(await answersTo(1, kill(token, body.length) + body)).toEqual([200]);
  expect(slots.stats.inFlight).toBe(0);
});
