import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { permissions, type SoloApi } from "../../src/api/index.ts";
import type { ForegroundKernel } from "../../src/cli/index.ts";
import { createClient, remoteTransport, socketTransport } from "../../src/client/index.ts";
import { kernelDoor } from "../../src/compose.ts";
import { loadConfig } from "../../src/config/index.ts";
import { initTls } from "../../src/security/tls/index.ts";
import { build } from "../../src/system/index.ts";
import { freePort, type SoloEnv, soloEnv, waitFor } from "../support/index.ts";
import { cases, earlyCases } from "./conformance/cases.ts";
import { normalized, outcomeOf, type Place } from "./conformance/place.ts";

/**
 * One kernel over every transport: each operation must answer the same, documents, streams and failures alike. Over TLS it is
 * asked with a client certificate and a capability, in the other ways as its owner.
 */

let env: SoloEnv;
let kernel: ForegroundKernel;
const apis = new Map<string, SoloApi>();
const places = new Map<string, Place>();

beforeAll(async () => {
  env = soloEnv();
  const { root, dataDir, ingressPort } = env;
  const port = freePort();
  const folder = join(dataDir, "tls");
  const client = { name: "ops", tenant: "*", role: null, days: 1 };
  initTls(folder, { hosts: [], days: 30, client, force: false });
  const flags = { "data-dir": dataDir, "ingress-port": String(ingressPort), "http-port": String(port) };
  const variables = { ...env.env, SOLO_SECURITY_REQUIRE_MTLS: "true" };
  kernel = await kernelDoor.openKernel({ config: await loadConfig({ cwd: root, env: variables, flags }), flags: [] });
  const socketPath = join(dataDir, "solo.sock");
  const { token } = await kernel.capabilityGrant({ resource: "*", permissions: [...permissions] });
  const pair = { cert: join(folder, "clients/ops.pem"), key: join(folder, "clients/ops.key") };
  const target = { name: "far", url: `https://localhost:${port}`, ca: join(folder, "ca.pem"), ...pair, token };
  const far = createClient(await remoteTransport(target), build.id);
  await waitFor(() => far.version({}), { what: "the door over TLS to open" });
  apis.set("in-process", kernel);
  apis.set("unix socket", createClient(socketTransport(socketPath), build.id));
  apis.set("unix socket by another build", createClient(socketTransport(socketPath), "another build"));
  apis.set("mutual TLS", far);
  for (const name of apis.keys()) {
    const tenant = name.replaceAll(/\W/g, "-");
    places.set(name, { tenant, write: (file, content) => env.write(file, content), kept: new Map() });
  }
});

afterAll(async () => {
  await kernel.close();
  await env[Symbol.asyncDispose]();
});

describe("every transport answers the same to", () => {
  test.each([...earlyCases, ...Object.values(cases).flat()])("%s", async (_, call) => {
    const answers = new Map<string, unknown>();
    for (const [name, place] of places) {
      const api = apis.get(name) ?? kernel;
      answers.set(name, normalized(await outcomeOf(call, api, place), place.tenant));
    }
    const expected = answers.get("in-process");
    for (const [name, answer] of answers) expect({ name, answer }).toEqual({ name, answer: expected });
  });
});

test("a refusal comes from the iterator or the promise, never from the call", async () => {
  for (const api of apis.values()) {
    const nobody = { tenant: "any", name: "nobody" };
    const nothing = { tenant: "any", services: [] };
    const streams: AsyncIterable<unknown>[] = [api.logs(nobody), api.events(nobody), api.restart(nobody)];
    streams.push(api.scale({ ...nobody, replicas: 1 }));
    for (const stream of streams) await expect(Array.fromAsync(stream)).rejects.toMatchObject({ code: "not_found" });
    await expect(Array.fromAsync(api.deploy(nothing))).rejects.toMatchObject({ code: "invalid_request" });
    await expect(api.status({ tenant: "any", name: "no name" })).rejects.toMatchObject({ code: "invalid_name" });
  }
});

test("a shutdown over TLS is answered before the kernel ends", async () => {
  const { state, pid } = (await apis.get("mutual TLS")?.shutdown({})) ?? {};
  expect({ state, pid }).toEqual({ state: "stopped", pid: process.pid });
  await kernel.stopped;
});
