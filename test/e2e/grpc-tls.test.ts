import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { GrpcClient } from "../support/grpc-client.ts";
import { freePort } from "../support/index.ts";
import { type SoloEnv, soloEnv } from "../support/solo-env.ts";

/** The gRPC API over TLS, with certificates of clients. */

const port = freePort();
let env: SoloEnv;
let folder: string;
beforeAll(async () => {
  env = soloEnv();
  (await env.run(["tls", "init"])).expect();
  (await env.run(["tls", "client", "ops", "--tenant", "acme", "--role", "viewer"])).expect();
  folder = join(env.dataDir, "tls");
});
afterAll(() => env[Symbol.asyncDispose]());

const file = (name: string) => join(folder, name);
const list = (client: GrpcClient, metadata: Record<string, string> = {}) =>
  client.call({ method: "solo.v1.SoloKernel/List", metadata });

test("a client certificate has its role in its tenant, and no client without one gets in where one is required", async () => {
  const required = { SOLO_LISTEN_PORT: String(port), SOLO_SECURITY_REQUIRE_MTLS: "true" };
  (await env.run(["start"], { env: required })).expect();
  const tls = { ca: file("ca.pem"), key: file("clients/ops.key"), cert: file("clients/ops.pem") };
  await using client = await GrpcClient.connect(`localhost:${port}`, { tls });
  expect(await list(client)).toMatchObject({ code: "OK" });
  expect(await list(client, { "x-tenant-id": "default" })).toMatchObject({ code: "PERMISSION_DENIED" });
  const kill = { method: "solo.v1.SoloKernel/Kill", message: { service_id: "x" } };
  expect(await client.call(kill)).toMatchObject({ code: "PERMISSION_DENIED" });
  await expect(GrpcClient.connect(`localhost:${port}`, { tls: { ca: file("ca.pem") } })).rejects.toThrow("ended");
  await expect(GrpcClient.connect(`localhost:${port}`)).rejects.toThrow("ended");
});

test("a certificate that is revoked ends its connections, and opens none", async () => {
  const tls = { ca: file("ca.pem"), key: file("clients/ops.key"), cert: file("clients/ops.pem") };
  await using client = await GrpcClient.connect(`localhost:${port}`, { tls });
  const watch = client.call({ method: "solo.v1.SoloKernel/Watch" });
  (await env.run(["tls", "revoke", "ops"])).expect();
  expect(await watch).toMatchObject({ code: "UNAVAILABLE" });
  await expect(GrpcClient.connect(`localhost:${port}`, { tls })).rejects.toThrow("ended");
  const admin = { ca: file("ca.pem"), key: file("clients/admin.key"), cert: file("clients/admin.pem") };
  await using other = await GrpcClient.connect(`localhost:${port}`, { tls: admin });
  expect(await list(other)).toMatchObject({ code: "OK" });
});
