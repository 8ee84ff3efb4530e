import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type DeployRequest, type EventDocument, type ServiceSpecInput, SoloError } from "../../src/api/index.ts";
import { createClient, type SoloClient, socketTransport } from "../../src/client/index.ts";
import { Daemon, last } from "../support/daemon.ts";
import { waitFor } from "../support/index.ts";
import { expectGolden, normalizedJson } from "./golden-file.ts";

/** What the configuration says of a tenant, in the built binary: which paths its deploys may name, and how much it may use. */

const tenant = "acme";
const daemon = new Daemon();
/** With the role of those who deploy. */
let deployer: SoloClient;
beforeAll(async () => {
  const { env } = daemon;
  env.write("shared/app.ts", `export default { fetch: () => new Response("shared") };`);
  env.write("foreign/id_rsa", "the key");
  env.write(
    "home/.config/solo/config.toml",
    `[tenants]
    acme = { paths = [${JSON.stringify(join(env.root, "shared"))}] }
    small = { max_services = 2 }
    full = { max_services = 0 }
    tight = { max_memory = "200MB" }
    hungry = { max_memory = "100MB" }
    busy = { max_cpu = 0.2 }
    slow = { rate = 2 }`,
  );
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
  const command: ServiceSpecInput = { kind: "command", command: ["sleep", "1000"] };
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
  const reader: ServiceSpecInput = { kind: "command", command: ["cat", secret], restart: { policy: "temporary" } };
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

test("one service more than the quota is refused before anything changes, whoever deploys it", async () => {
  const spec: ServiceSpecInput = { kind: "command", command: ["sleep", "1000"] };
  const deployed = async () => (await daemon.client.list({ tenant: "small" })).services.map(({ service }) => service);
  const small = (services: DeployRequest["services"]) => last(daemon.client.deploy({ tenant: "small", services }));
  const both = ["a", "b"].map((name) => ({ name, spec }));
  await small(both);
  const error = await failure(small([{ name: "c", spec }]));
  expect(error.toDocument().error).toMatchObject({
    code: "limit_exceeded",
    exit: 12,
    applied: "no",
    message: "tenant small may have 2 services (tenants.small.max_services), and has 2; this would make it 3",
  });
  expect(await deployed()).toEqual(["a", "b"]);
  expect(
    (
      await failure(
        last(daemon.client.deploy({ tenant: "small", services: [...both, { name: "c", spec }], dry_run: true })),
      )
    ).code,
  ).toBe("limit_exceeded");
  // What is there may be deployed again, and what is stopped makes room, which it then lacks itself.
  await small(both);
  await daemon.client.kill({ tenant: "small", name: "a", force: true });
  await small([{ name: "c", spec }]);
  expect((await failure(last(daemon.client.restart({ tenant: "small", name: "a" })))).code).toBe("limit_exceeded");
  await daemon.client.kill({ tenant: "small", name: "b", force: true });
  const racing = await Promise.allSettled(["d", "e", "f"].map((name) => small([{ name, spec }])));
  expect(racing.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
  const { services } = await daemon.client.tenantShow({ tenant: "small" });
  expect(services).toBe(2);
});

test("limits that are declared count with all replicas: scale is refused too, and names what there is", async () => {
  const limits = { memory_bytes: 64_000_000 };
  await last(
    daemon.client.deploy({
      tenant: "tight",
      services: [{ name: "one", spec: { kind: "command", command: ["sleep", "1000"], limits } }],
    }),
  );
  const error = await failure(last(daemon.client.scale({ tenant: "tight", name: "one", replicas: 4 })));
  expect([error.code, error.details]).toEqual([
    "limit_exceeded",
    { quota: "tenants.tight.max_memory", limit: 200_000_000, used: 64_000_000, wanted: 256_000_000 },
  ]);
  expect((await daemon.client.status({ tenant: "tight", name: "one" })).replicas).toBe(1);
  await last(daemon.client.scale({ tenant: "tight", name: "one", replicas: 3 }));
});

test("a tenant that uses too much memory is told of, and the largest of its instances ends; others are left alone", async () => {
  const code = "globalThis.kept = new Uint8Array(120_000_000).fill(1); setInterval(() => {}, 1000);";
  const hungry = daemon.module("large.ts", code, { restart: { policy: "temporary" } });
  const tenant = "hungry";
  const services = [
    { name: "modest", spec: daemon.marked(daemon.shell("exec sleep 1000")) },
    { name: "large", spec: daemon.marked(hungry) },
  ];
  await last(daemon.client.deploy({ tenant, services }));
  const told = await waitFor(async () => (await eventsOf(tenant)).find(({ event }) => event === "tenant_violation"), {
    what: "a violation",
    deadlineMs: 20_000,
  });
  expect([told.subject, told.data]).toEqual([
    "tenant",
    expect.objectContaining({ resource: "memory", quota: "max_memory", limit: 100_000_000, action: "kill" }),
  ]);
  await waitFor(async () => (await daemon.client.status({ tenant, name: "large" })).state !== "ready" || undefined, {
    what: "the end of the largest",
  });
  expect((await daemon.client.status({ tenant, name: "modest" })).state).toBe("ready");
});

test("a tenant that uses too much of the processor is slowed down, the largest first", async () => {
  const tenant = "busy";
  const services = [
    { name: "loop", spec: daemon.marked(daemon.shell("while :; do :; done")) },
    { name: "calm", spec: daemon.marked(daemon.shell("exec sleep 1000")) },
  ];
  await last(daemon.client.deploy({ tenant, services }));
  await waitFor(
    async () =>
      (await daemon.client.status({ tenant, name: "loop" })).instances.find(({ throttle }) => throttle !== null),
    { what: "the loop to be slowed down", deadlineMs: 40_000 },
  );
  expect((await daemon.client.status({ tenant, name: "calm" })).instances[0]?.throttle).toBeNull();
  const told = (await eventsOf(tenant)).filter(({ event }) => event === "tenant_violation");
  expect(told.map(({ data }) => [data.resource, data.action])).toEqual([["cpu", "throttle"]]);
  await daemon.client.kill({ tenant, name: "loop", force: true });
});

test("operations a second are counted for all capabilities of a tenant together", async () => {
  const grant = async () =>
    (await daemon.client.capabilityGrant({ tenant: "slow", resource: "tenant", permissions: ["read"] })).token;
  const clients = (await Promise.all([grant(), grant()])).map((token) =>
    createClient(socketTransport(join(daemon.env.dataDir, "solo.sock"), token), "a test"),
  );
  const asked = await Promise.all(
    clients.flatMap((client) =>
      Array.from({ length: 5 }, () => client.list({ tenant: "slow" }).then(() => undefined, SoloError.from)),
    ),
  );
  const refused = asked.filter((error) => error !== undefined);
  expect(refused.length).toBeGreaterThanOrEqual(5);
  expect(refused[0]?.toDocument().error).toMatchObject({
    code: "limit_exceeded",
    hint: expect.stringContaining("tenants.slow.rate"),
  });
  await daemon.client.list({ tenant: "slow" });
});

test("who may read a tenant sees what it uses, and only who may read all sees all", async () => {
  const shown = await deployer.tenantShow({ tenant });
  expect(shown).toMatchObject({ tenant, max_services: null, paths: [join(daemon.env.root, "shared")], max_calls: 100 });
  expect(shown.disk_bytes).toBeGreaterThan(0);
  expect((await failure(deployer.tenantShow({ tenant: "small" }))).code).toBe("forbidden");
  expect((await failure(deployer.tenantList({}))).code).toBe("forbidden");
  const { tenants } = await daemon.client.tenantList({});
  expect(tenants.map((one) => one.tenant)).toEqual(["acme", "busy", "full", "hungry", "slow", "small", "tight"]);
});

async function eventsOf(of: string): Promise<EventDocument[]> {
  return Array.fromAsync(daemon.client.events({ tenant: of }));
}

test.each([
  ["tenant-show", ["tenant", "show", "tight"], 0],
  ["tenant-show-none", ["tenant", "show", "--tenant", "nobody"], 0],
  ["tenant-show-name", ["tenant", "show", "No Name"], 2],
  ["tenant-list", ["tenant", "list"], 0],
  ["deploy-quota", ["deploy", "sleep", "third", "--tenant", "full"], 12],
  ["scale-quota", ["scale", "one", "4", "--tenant", "tight"], 12],
] as const)("JSON of %s", async (name, args, code) => {
  const { stdout, code: exit } = await daemon.env.run([...args, "--json"]);
  expect(exit).toBe(code);
  const plain = stdout.replaceAll(/"cpu_cores":\s*[\d.]+/g, '"cpu_cores":0');
  expectGolden(`json/${name}.json`, normalizedJson(plain, daemon.env.root));
});
