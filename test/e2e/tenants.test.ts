import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type OperationName, operations, permissions, SoloError } from "../../src/api/index.ts";
import { Daemon } from "../support/index.ts";
import { type RawRequest, rawClient } from "../support/raw-client.ts";

/**
 * Tenants never see each other: every operation of the API, asked with all that one tenant can have, for each pair of tenants.
 * Driven by the table of operations: a new one is covered at once, or fails here until an example of its input is given.
 */

const tenants = ["acme", "zebra"] as const;
const names = Object.keys(operations).filter((name): name is OperationName => Object.hasOwn(operations, name));
const tokens = new Map<string, string>();
const ids = new Map<string, string>();
const handles = new Map<string, string>();
let daemon: Daemon;
let ask: (request: RawRequest) => Promise<{ status: number; text: string }>;

/** The service of a tenant, whose name nobody else has. */
const serviceOf = (tenant: string) => `${tenant}-shop`;

beforeAll(async () => {
  daemon = await Daemon.start();
  ask = rawClient(join(daemon.env.dataDir, "solo.sock"));
  const code = `import { defineService } from "solo";
    export default defineService({
      start() { console.log("I am", process.env.SOLO_SERVICE); },
      methods: { async add(_, ctx) { return ctx.state.increment("hits-of-" + ctx.service); } },
    });`;
  for (const tenant of tenants) {
    const spec = daemon.module(`${tenant}.ts`, code);
    await daemon.deploy({ [serviceOf(tenant)]: spec }, { tenant });
    await daemon.client.call({ tenant, name: serviceOf(tenant), method: "add" });
    await daemon.client.checkpointCreate({ tenant, name: serviceOf(tenant) });
    await daemon.client.secretSet({
      tenant,
      secret: `SECRET_OF_${tenant}`,
      value: `value of ${tenant}`,
      encoding: "utf8",
    });
    const granted = await daemon.client.capabilityGrant({ tenant, resource: "tenant", permissions: [...permissions] });
    tokens.set(tenant, granted.token);
    ids.set(tenant, granted.id);
    const named = { service_id: serviceOf(tenant), service_name: `name-of-${tenant}` };
    handles.set(tenant, (await daemon.client.registryRegister({ tenant, ...named })).handle ?? "");
  }
});
afterAll(() => daemon[Symbol.asyncDispose]());

/** For each field that some operation must be given, what stands there. Of the tenant that is asked for. */
function exampleOf(field: string, tenant: string): unknown {
  const service = serviceOf(tenant);
  const examples: Readonly<Record<string, unknown>> = {
    name: service,
    as: `${service}-2`,
    services: [{ name: service, spec: { kind: "command", command: ["/bin/true"] } }],
    replicas: 1,
    method: "add",
    key: `hits-of-${service}`,
    value: "1",
    entries: [{ key: "a", value: 1 }],
    id: "latest",
    signal: "go",
    module: "tools",
    code: "",
    file: "/tmp/nowhere.checkpoint",
    secret: `SECRET_OF_${tenant}`,
    content: "",
    resource: "tenant",
    permissions: ["read"],
    holder: "alice",
    passphrase: "open sesame",
    token: tokens.get(tenant),
    service_id: service,
    service_name: `name-of-${tenant}`,
    handle: handles.get(tenant),
  };
  return examples[field];
}

/** For a field that nothing is said of above. */
const plainExamples = ["a", 1, true, ["a"], {}];

/** Examples that depend on the operation. */
function inputOf(name: OperationName, tenant: string): Record<string, unknown> {
  const special: { readonly [Name in OperationName]?: Record<string, unknown> } = {
    resolve: { id: "step", as: "done" },
    secretSet: { encoding: "utf8" },
    upload: { file: "a.ts" },
    capabilityGrant: { permissions: ["read"] },
    capabilityAttenuate: { parent: ids.get(tenant) },
    capabilityDelegate: { parent: ids.get(tenant) },
    capabilityShow: { id: ids.get(tenant) },
    capabilityRevoke: { id: ids.get(tenant) },
  };
  const { input } = operations[name];
  const fields = Object.keys(input.shape);
  const chosen: Record<string, unknown> = fields.includes("tenant") ? { tenant } : {};
  // An answer has to end.
  if (fields.includes("follow")) chosen.follow = false;
  for (const [field, schema] of Object.entries(input.shape)) {
    if (field !== "tenant" && !schema.safeParse(undefined).success) {
      const plain = plainExamples.find((example) => schema.safeParse(example).success);
      chosen[field] = exampleOf(field, tenant) ?? plain;
    }
  }
  const whole = { ...chosen, ...special[name] };
  const { error } = input.safeParse(whole);
  if (error) throw new Error(`${name}: give an example of its input in this test: ${error.message}`);
  return whole;
}

const pairs = tenants.flatMap((from) => tenants.filter((to) => to !== from).map((to) => [from, to] as const));
const outside = names.filter((name) => operations[name].on !== "kernel");
const kernelsOwn = names.filter((name) => operations[name].on === "kernel" && operations[name].permission !== "open");

// Before the next: what somebody reached for is in the events of its own tenant, by the name that it used.
test.each(pairs)("what %s is answered about itself tells nothing of %s", async (from, to) => {
  const reading = outside.filter((name) => !operations[name].changes && name !== "capabilityVerify");
  for (const name of [...reading, "health" as const, "version" as const]) {
    const { status, text } = await ask({ name, input: inputOf(name, from), token: tokens.get(from) });
    expect([name, [200, 404, 409].includes(status)]).toEqual([name, true]);
    expect([name, text.includes(to), text.includes(`value of ${from}`)]).toEqual([name, false, false]);
    if (name === "health") expect(text).toContain('"services":{"total":0,"ready":0}');
  }
});

test.each(pairs)(
  "all that %s has opens nothing of %s: every operation, in words that don't tell what there is",
  async (from, to) => {
    for (const name of outside) {
      const input = inputOf(name, to);
      const refused = await ask({ name, input, token: tokens.get(from) });
      expect([name, refused.status]).toEqual([name, 403]);
      // A tenant that there is not is refused in the same words.
      const nobody = await ask({ name, input: { ...input, tenant: "nobody" }, token: tokens.get(from) });
      const plain = (text: string) => text.replaceAll("nobody", to).replaceAll(/[0-9a-f-]{36}/g, "");
      expect([name, plain(nobody.text)]).toEqual([name, plain(refused.text)]);
      expect(refused.text).not.toContain("value of");
    }
  },
);

test.each(tenants)("what concerns the kernel, and so all tenants, is not for %s", async (tenant) => {
  for (const name of kernelsOwn) {
    const { status } = await ask({ name, input: inputOf(name, tenant), token: tokens.get(tenant) });
    expect([name, status]).toEqual([name, 403]);
  }
});

test.each(pairs)("%s learns nothing by what it can't have for itself, such as a host of %s", async (from, to) => {
  const host = "shared.localhost";
  const spec = (tenant: string) =>
    daemon.module(`${tenant}-host.ts`, "export default { fetch: () => new Response() }", { hosts: [host] });
  await daemon.deploy({ [`${to}-host`]: spec(to) }, { tenant: to });
  const refused = await ask({
    name: "deploy",
    input: { tenant: from, services: [{ name: "mine", spec: daemon.marked(spec(from)) }] },
    token: tokens.get(from),
  });
  expect(refused.text).toContain("belongs to a service of another tenant");
  expect(refused.text).not.toContain(to);
  await daemon.client.kill({ tenant: to, name: `${to}-host`, force: true });
});

test("a token on one service hears of no other in what it is told", async () => {
  const name = serviceOf("acme");
  const { token } = await daemon.client.capabilityGrant({
    tenant: "acme",
    resource: "service:gone",
    permissions: ["read"],
  });
  const { status, text } = await ask({ name: "status", input: { tenant: "acme", name: "gone" }, token });
  expect([status, text.includes(name)]).toEqual([404, false]);
  const events = await ask({ name: "events", input: { tenant: "acme" }, token });
  expect(events.text).not.toContain(name);
});

test("a deploy gives a service nothing that the deployer may not do", async () => {
  const { token } = await daemon.client.capabilityGrant({
    tenant: "acme",
    resource: "service:new",
    permissions: ["deploy"],
  });
  const plain = { kind: "command", command: ["/bin/true"] };
  const wanted = [
    [{ sandbox: { mode: "off" } }, "unsandboxed"],
    [{ allow: { call: [serviceOf("acme")] } }, "call"],
    [{ secrets: [{ name: "SECRET_OF_acme" }] }, "secrets:use"],
  ] as const;
  for (const [extra, permission] of wanted) {
    const services = [{ name: "new", spec: { ...plain, ...extra } }];
    const { status, text } = await ask({ name: "deploy", input: { tenant: "acme", services, dry_run: true }, token });
    const { error } = SoloError.fromDocument(JSON.parse(text)).toDocument();
    expect([status, error.details?.permission]).toEqual([403, permission]);
  }
});
