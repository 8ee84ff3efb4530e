import { expect, test } from "bun:test";
import { EndpointState } from "../../../src/traffic/endpoint.ts";
import { suspectMs } from "../../../src/traffic/options.ts";
import { pickEndpoint } from "../../../src/traffic/pick.ts";
import type { UpstreamUser } from "../../../src/traffic/upstream-connection.ts";
import { freePort } from "../../support/index.ts";

const candidate = (name: string, inFlight: number, ready = true) => ({ name, inFlight, usable: () => ready });

test("the least busy usable candidate is picked", () => {
  const all = [candidate("a", 2), candidate("b", 0, false), candidate("c", 1)];
  expect(pickEndpoint(all, 0, 0)?.name).toBe("c");
});

test("equals take turns", () => {
  const all = [candidate("a", 1), candidate("b", 1), candidate("c", 1)];
  expect([0, 1, 2, 3].map((turn) => pickEndpoint(all, turn, 0)?.name)).toEqual(["a", "b", "c", "a"]);
});

test("none is picked when none is usable", () => {
  expect(pickEndpoint([candidate("a", 0, false)], 0, 0)).toBeUndefined();
  expect(pickEndpoint([], 0, 0)).toBeUndefined();
});

test("an endpoint that refused is tried by one request at a time, until it accepts", () => {
  const endpoint = new EndpointState({ id: "a", port: freePort() });
  endpoint.suspect(1_000);
  expect(endpoint.usable(1_000 + suspectMs - 1)).toBe(false);
  expect(endpoint.usable(1_000 + suspectMs)).toBe(true);
  endpoint.connect(nobody, 1_000 + suspectMs).destroy();
  expect(endpoint.usable(1_000 + suspectMs)).toBe(false);
  endpoint.trust();
  expect(endpoint.usable(1_000 + suspectMs)).toBe(true);
});

const nobody: UpstreamUser = {
  upstreamOpened() {},
  upstreamRefused() {},
  upstreamData() {},
  upstreamDrained() {},
  upstreamClosed() {},
  upstreamFailed() {},
};
