import { afterEach, expect, test } from "bun:test";
import { type CapabilityFacts, SoloError } from "../../../src/api/index.ts";
import { openTcpDoor } from "../../../src/gateway/http/index.ts";
import type { Door } from "../../../src/gateway/shared/index.ts";
import { Access, type CapabilityAuthority } from "../../../src/kernel/access/index.ts";
import { freePort, waitFor } from "../../support/index.ts";
import { sampleApi } from "./sample-api.ts";

/** One token, for one tenant. */
const authority: CapabilityAuthority = {
  callerOf: (token, request_id) => {
    if (token !== "a-token") throw new SoloError("unauthenticated", "no such token");
    return { kind: "capability", request_id, capability };
  },
  use: () => undefined,
  onEnd: () => () => undefined,
  mayCall: () => false,
};
const capability: CapabilityFacts = {
  id: "one",
  tenant: "default",
  resource: "tenant",
  permissions: ["read"],
  holder: null,
  expires_ms: null,
  rates: [],
};

const doors: Door[] = [];
afterEach(async () => {
  await Promise.all(doors.splice(0).map((door) => door.close()));
});

function open({ bind = "127.0.0.1", port = freePort() }: { bind?: string; port?: number } = {}) {
  const said: string[] = [];
  const access = new Access({ api: () => sampleApi(), authority });
  const say = (_: string, message: string) => said.push(message);
  const door = openTcpDoor({ access, bind, port, version: "1.2.3", onBug: () => undefined, say });
  doors.push(door);
  const ask = (path: string, token?: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
  return { door, port, said, ask };
}

test("is open to who has a token, and to nobody else", async () => {
  const { ask } = open();
  expect((await ask("/v1/services", "a-token")).status).toBe(200);
  const refused = await ask("/v1/services");
  expect(refused.status).toBe(401);
  expect(refused.headers.get("www-authenticate")).toStartWith("Bearer");
  expect((await ask("/v1/services", "another")).status).toBe(401);
  expect((await ask("/v1/version")).status).toBe(200);
});

test("tells what there is", async () => {
  const { ask } = open();
  expect(await (await ask("/openapi.json")).json()).toMatchObject({ openapi: "3.1.0", info: { version: "1.2.3" } });
});

test("waits for a port that another program has", async () => {
  const other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("another program") });
  const { port = 0 } = other;
  const { door, said, ask } = open({ port });
  expect(door.check()).toMatchObject({ name: "http", status: "degraded", message: expect.stringContaining(`${port}`) });
  await other.stop(true);
  await waitFor(() => door.check().status === "healthy", { what: "the door to open" });
  expect((await ask("/v1/version")).status).toBe(200);
  expect(said).toHaveLength(2);
});

test("shares its port with nobody, not even with another kernel", async () => {
  const [one, two] = [open(), open()];
  const third = open({ port: two.port });
  expect(third.door.check()).toMatchObject({ status: "degraded", message: expect.stringContaining("taken") });
  await two.door.close();
  await waitFor(() => third.door.check().status === "healthy", { what: "the door to open" });
  expect((await one.ask("/v1/version")).status).toBe(200);
});

test("stays shut where others could read tokens along the way", async () => {
  const { door, said } = open({ bind: "0.0.0.0" });
  expect(door.check()).toMatchObject({ status: "degraded", message: expect.stringContaining("solo tls init") });
  expect(said).toHaveLength(1);
});

test("is free again once it is closed", async () => {
  const { door, port, ask } = open();
  await door.close();
  expect(ask("/v1/version")).rejects.toThrow();
  const next = open({ port });
  expect((await next.ask("/v1/version")).status).toBe(200);
  expect(next.door.check().status).toBe("healthy");
});

test("refuses in the words of the access layer", async () => {
  const { ask } = open();
  const { error } = await (await ask("/v1/services")).json();
  expect(new SoloError(error.code, error.message).exit).toBe(4);
});
