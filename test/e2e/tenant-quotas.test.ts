import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type ServiceSpecInput, SoloError } from "../../src/api/index.ts";
import { createClient, type SoloClient, socketTransport } from "../../src/client/index.ts";
import { Daemon, last } from "../support/daemon.ts";

/** What the configuration says of a tenant, in the built binary: which paths its deploys may name, and how much it may use. */

const tenant = "acme";
const daemon = new Daemon();
/** With the role of those who deploy. */
let deployer: SoloClient;
beforeAll(async () => {
  const { env } = daemon;
  env.write("shared/app.ts", `export default { fetch: () => new Response("shared") };`);
  env.write("foreign/id_rsa", "the key");
  env.write("home/.config/solo/config.toml", `[tenants.acme]\npaths = [${JSON.stringify(join(env.root, "shared"))}]\n`);
  await daemon.start();
  deployer = await as(["deploy", "operate", "read"]);
});
afterAll(() => daemon[Symbol.asyncDispose]());

async function as(permissions: readonly string[]): Promise<SoloClient> {
  const { token } = await daemon.client.capabilityGrant({ tenant, resource: "tenant", permissions: [...permissions] });
  return createClient(socketTransport(join(daemon.env.dataDir, "solo.sock"), token), "a test");
}

function deploy(client: SoloClient, name: string, spec: ServiceSpecInput) {
  return last(client.deploy({ tenant, services: [{ name, spec }] }));
}

async function failure(work: Promise<unknown>): Promise<SoloError> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => SoloError.from(error),
  );
  if (outcome === undefined) throw new Error("it was let through");
  return outcome;
}

test("who is not the owner deploys what was brought, what the owner allows, and the system's programs", async () => {
  const content = Buffer.from(`export default { fetch: () => new Response("brought") };`).toString("base64");
  const { path } = await deployer.upload({ tenant, file: "far.ts", content });
  const { services } = await deploy(deployer, "far", { kind: "source", path });
  expect(services[0]?.state).toBe("ready");
  await deploy(deployer, "shared", { kind: "source", path: join(daemon.env.root, "shared/app.ts") });
  await deploy(deployer, "sleeper", { kind: "command", command: ["sleep", "1000"] });
});

test("anything else of the kernel's user is refused, with the path and the setting, whether it is there or not", async () => {
  const foreign = join(daemon.env.root, "foreign");
  const command = { kind: "command", command: ["sleep", "1000"] } as const;
  const specs: Readonly<Record<string, ServiceSpecInput>> = {
    path: { kind: "source", path: `${foreign}/app.ts` },
    command: { kind: "command", command: [`${foreign}/id_rsa`] },
    cwd: { ...command, cwd: foreign },
    "sandbox.read": { ...command, sandbox: { read: [`${foreign}/id_rsa`] } },
    "sandbox.write": { ...command, sandbox: { write: [foreign] } },
    preopens: { kind: "wasm", path: join(daemon.env.root, "shared/app.wasm"), preopens: { "/": foreign } },
    "state.folders": { ...command, state: { mode: "external", folders: [foreign] } },
  };
  for (const [setting, spec] of Object.entries(specs)) {
    const error = await failure(deploy(deployer, "spy", spec));
    expect([setting, error.code, error.exit, error.applied]).toEqual([setting, "forbidden", 4, "no"]);
    expect(error.message).toContain(`spy: ${setting}: ${foreign}`);
    expect(error.hint).toContain("[tenants.acme] paths");
    expect(error.details).toMatchObject({ setting, path: expect.stringContaining(foreign) });
  }
  expect((await daemon.client.list({ tenant })).services.map(({ service }) => service)).not.toContain("spy");
});

test("an argument opens nothing, and a module takes nothing along", async () => {
  const secret = join(daemon.env.root, "foreign/id_rsa");
  const reader = { kind: "command", command: ["cat", secret], restart: { policy: "temporary" } } as const;
  await failure(deploy(deployer, "reader", reader));
  const { paths } = await daemon.client.sandbox({ tenant, name: "reader" });
  expect(paths.filter(({ path }) => secret.startsWith(`${path}/`) || path === secret)).toEqual([]);
  const code = `import key from ${JSON.stringify(secret)} with { type: "text" }; console.log(key);`;
  const { path } = await deployer.upload({ tenant, file: "spy.ts", content: Buffer.from(code).toString("base64") });
  const error = await failure(deploy(deployer, "taker", { kind: "source", path }));
  expect([error.code, error.message]).toEqual(["invalid_source", expect.stringContaining("is beyond")]);
});

test("who may do without a sandbox may name anything, as the owner may", async () => {
  const path = daemon.env.write("anywhere.ts", `export default { fetch: () => new Response("any") };`);
  await deploy(await as(["deploy", "unsandboxed"]), "any", { kind: "source", path });
  await deploy(daemon.client, "owners", { kind: "source", path });
});
