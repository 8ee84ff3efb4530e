import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { z } from "zod";
import { SoloKernel } from "../../src/api/proto/solo/v1/solo.gen.ts";
import { GrpcClient } from "../support/grpc-client.ts";
import { freePort, type SoloEnv, soloEnv } from "../support/index.ts";
import { messagesOf } from "../support/proto-arbitrary.ts";

/**
 * The binary against its .proto: for every method messages are made up from its fields. Whatever they hold, the call ends with
 * what was asked for, or with a status that says what is wrong.
 */

const port = freePort();
let env: SoloEnv;
let client: GrpcClient;
let token: string;
beforeAll(async () => {
  env = soloEnv();
  (await env.run(["start"], { env: { SOLO_LISTEN_PORT: String(port) } })).expect();
  client = await GrpcClient.connect(`127.0.0.1:${port}`);
  const args = ["capability", "grant", "--resource", "tenant", "--role", "admin", "--json"];
  token = (await env.run(args)).expect().json(z.object({ token: z.string() })).token;
});
afterAll(async () => {
  await client?.[Symbol.asyncDispose]();
  await env[Symbol.asyncDispose]();
});

const source = `import { defineService } from "solo";
export default defineService({ methods: { add: (input, ctx) => ctx.state.increment("n", 1) } });`;
const texts = {
  service_id: ["web", "another"],
  service_name: ["cache"],
  code: [source],
  resource: ["tenant", "service:web"],
  role: ["viewer", "deployer"],
  permissions: ["read", "logs"],
  key: ["n", "list"],
  value: ["1", "[true]"],
  id: ["latest"],
};
const outcomes = new Set<string>();
/** Of statuses that say that something went wrong here, or nothing at all. */
const surprises = ["UNKNOWN", "INTERNAL", "DATA_LOSS", "CLIENT_FAILED", ""];

async function ready(): Promise<void> {
  (await env.run(["deploy", env.write("web.ts", source), "web"])).expect();
}

describe("whatever its message holds, no surprise comes of", () => {
  test.each(SoloKernel.methods.map((method) => [method.name, method] as const))("%s", async (name, method) => {
    await ready();
    const call = (raw: Uint8Array, metadata: Record<string, string>) =>
      client.call({
        method: `${SoloKernel.typeName}/${name}`,
        raw,
        metadata,
        timeout_s: method.methodKind === "unary" ? 20 : 0.3,
      });
    await fc.assert(
      fc.asyncProperty(messagesOf(method.input, texts), async (raw) => {
        const { code, details } = await call(raw, { authorization: `Bearer ${token}` });
        outcomes.add(code);
        expect([code, details, surprises.includes(code)]).toEqual([code, details, false]);
      }),
      { numRuns: 12 },
    );
    expect((await call(new Uint8Array(), {})).code).toBe("UNAUTHENTICATED");
  });
});

test("what works was among it, and what does not, and none of it was a bug", async () => {
  for (const code of ["OK", "INVALID_ARGUMENT", "NOT_FOUND"]) expect(outcomes).toContain(code);
  expect(await Bun.file(join(env.dataDir, "logs", "kernel.log")).text()).not.toMatch(/unexpected|Error: /);
});
