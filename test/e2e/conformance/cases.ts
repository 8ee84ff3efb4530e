import type { OperationName, ServiceSpecInput } from "../../../src/api/index.ts";
import { all, type Case, firstOf, type Place } from "./place.ts";

/**
 * For every operation what is asked of each transport, in an order that makes sense: what works, and what is refused. An
 * operation without its cases is a type error.
 */

const source = `import { defineService } from "solo";
console.log("one"); console.error("two");
export default defineService({
  fetch: () => new Response("here"),
  methods: { add: (input, ctx) => ctx.state.increment("n", input.by) },
});`;

const web = ({ tenant }: Place) => ({ tenant, name: "web" });
const nobody = ({ tenant }: Place) => ({ tenant, name: "nobody" });

function service(path: string, name = "web"): { readonly name: string; readonly spec: ServiceSpecInput } {
  return { name, spec: { kind: "source", path } };
}

function kept({ kept: notes }: Place, name: string): string {
  return notes.get(name) ?? "";
}

/** Before anything is there. */
export const earlyCases: readonly Case[] = [
  ["list of nothing", (api, { tenant }) => api.list({ tenant })],
  ["status of nobody", (api, at) => api.status(nobody(at))],
  ["logs from no cursor", (api, at) => all(api.logs({ ...web(at), since_cursor: "here" }))],
  ["dry run", (api, at) => deploy(api, at, [service(at.write("web.ts", source))], { dry_run: true })],
];

export const cases: { readonly [Name in OperationName]: readonly Case[] } = {
  version: [["version", (api) => api.version({})]],
  health: [["health", (api) => api.health({})]],
  metrics: [
    ["metrics of nobody", (api, at) => api.metrics(nobody(at))],
    ["metrics of no tenant", (api) => api.metrics({ tenant: "no tenant" })],
  ],
  metricsAll: [["metrics of all", async (api) => (await api.metricsAll({})).families[0]?.name]],
  upload: [
    ["upload", (api, { tenant }) => api.upload({ tenant, file: "web.ts", content: "YQ==" })],
    ["upload again", (api, { tenant }) => api.upload({ tenant, file: "web.ts", content: "YQ==" })],
    ["upload into a folder", (api, { tenant }) => api.upload({ tenant, file: "../web.ts", content: "YQ==" })],
  ],
  deploy: [
    ["deploy", (api, at) => deploy(api, at, [service(at.write("web.ts", source))])],
    ["deploy again", (api, at) => deploy(api, at, [service(at.write("web.ts", source))])],
    ["deploy of nothing", (api, at) => deploy(api, at, [service("/nowhere.ts")])],
    ["deploy of a mistake", (api, at) => deploy(api, at, [service(at.write("bad.ts", "export default {"), "bad")])],
    ["deploy of a crash", (api, at) => deploy(api, at, [service(at.write("crash.ts", crash), "crash")])],
    ["deploy of no service", (api, at) => deploy(api, at, [])],
    [
      "deploy on a condition",
      (api, at) => deploy(api, at, [service(at.write("web.ts", source))], { if_updated: "2020-01-01T00:00:00.000Z" }),
    ],
  ],
  list: [
    ["list", (api, { tenant }) => api.list({ tenant })],
    ["list of no tenant", (api) => api.list({ tenant: "no tenant" })],
  ],
  status: [
    ["status", (api, at) => api.status(web(at))],
    ["status of no name", (api, { tenant }) => api.status({ tenant, name: "../x?y=%00" })],
  ],
  scale: [
    ["scale", (api, at) => all(api.scale({ ...web(at), replicas: 2 }))],
    ["scale of nobody", (api, at) => all(api.scale({ ...nobody(at), replicas: 2 }))],
    ["scale beyond measure", (api, at) => all(api.scale({ ...web(at), replicas: 10_000 }))],
  ],
  restart: [
    ["restart", (api, at) => all(api.restart(web(at)))],
    ["restart of nobody", (api, at) => all(api.restart(nobody(at)))],
  ],
  logs: [
    ["logs", async (api, at) => (await all(api.logs(web(at)))).length],
    ["tail of logs", (api, at) => all(api.logs({ ...web(at), grep: "two", tail: 1 }))],
    ["followed logs", (api, at) => firstOf((signal) => api.logs({ ...web(at), follow: true, tail: 1 }, signal))],
    ["logs of nobody", (api, at) => all(api.logs(nobody(at)))],
  ],
  events: [
    ["events", (api, at) => all(api.events(web(at)))],
    ["followed events", (api, { tenant }) => firstOf((signal) => api.events({ tenant, follow: true }, signal))],
    ["events of nobody", (api, at) => all(api.events(nobody(at)))],
  ],
  call: [
    ["call", (api, at) => api.call({ ...web(at), method: "add", input: { by: 2 } })],
    ["call of no method", (api, at) => api.call({ ...web(at), method: "subtract" })],
    ["call of nobody", (api, at) => api.call({ ...nobody(at), method: "add" })],
  ],
  stateSet: [
    ["state set", (api, at) => api.stateSet({ ...web(at), key: "a key/ü", value: { deep: [1, "two", null] } })],
    ["state set on a condition", (api, at) => api.stateSet({ ...web(at), key: "n", value: 1, if_version: 999 })],
    ["state set of nobody", (api, at) => api.stateSet({ ...nobody(at), key: "n", value: 1 })],
  ],
  stateGet: [
    ["state get", (api, at) => api.stateGet({ ...web(at), key: "a key/ü" })],
    ["state get of no key", (api, at) => api.stateGet({ ...web(at), key: "nothing" })],
  ],
  stateImport: [
    ["state import", (api, at) => api.stateImport({ ...web(at), entries: [{ key: "b", value: 2 }] })],
    ["state import of nobody", (api, at) => api.stateImport({ ...nobody(at), entries: [{ key: "b", value: 2 }] })],
  ],
  stateScan: [
    ["state scan", (api, at) => all(api.stateScan(web(at)))],
    ["state scan of a prefix", (api, at) => all(api.stateScan({ ...web(at), prefix: "a", limit: 1 }))],
    ["state scan of nobody", (api, at) => all(api.stateScan(nobody(at)))],
  ],
  stateWatch: [
    ["state watch", (api, at) => all(api.stateWatch({ ...web(at), follow: false }))],
    ["state watch of nobody", (api, at) => all(api.stateWatch({ ...nobody(at), follow: false }))],
  ],
  stateDelete: [
    ["state delete", (api, at) => api.stateDelete({ ...web(at), key: "b" })],
    ["state delete again", (api, at) => api.stateDelete({ ...web(at), key: "b" })],
    ["state delete of nobody", (api, at) => api.stateDelete({ ...nobody(at), key: "b" })],
  ],
  signal: [
    ["signal", (api, at) => api.signal({ ...web(at), signal: "go", value: { by: "ann" }, id: "1" })],
    ["signal again", (api, at) => api.signal({ ...web(at), signal: "go", value: { by: "ann" }, id: "1" })],
    ["signal to nobody", (api, at) => api.signal({ ...nobody(at), signal: "go" })],
  ],
  effects: [
    ["effects", (api, at) => api.effects(web(at))],
    ["effects of nobody", (api, at) => api.effects(nobody(at))],
  ],
  resolve: [["resolve of no effect", (api, at) => api.resolve({ ...web(at), id: "charge", as: "done" })]],
  budget: [
    ["budget", (api, at) => api.budget(web(at))],
    ["budget of nobody", (api, at) => api.budget(nobody(at))],
  ],
  sandbox: [
    ["sandbox", (api, at) => api.sandbox(web(at))],
    ["sandbox of nobody", (api, at) => api.sandbox(nobody(at))],
  ],
  why: [
    ["why", (api, at) => api.why(web(at))],
    ["why of nobody", (api, at) => api.why(nobody(at))],
  ],
  crashes: [
    ["crashes", (api, at) => api.crashes({ ...web(at), name: "crash" })],
    ["crashes of nobody", (api, at) => api.crashes(nobody(at))],
  ],
  tenantList: [
    ["tenants", async (api, at) => (await api.tenantList({})).tenants.find(({ tenant }) => tenant === at.tenant)],
  ],
  tenantShow: [["tenantShow", (api, { tenant }) => api.tenantShow({ tenant })]],
  reload: [
    ["reload of no agent", (api, at) => api.reload({ ...web(at), module: "tools", code: "1" })],
    ["reload of nobody", (api, at) => api.reload({ ...nobody(at), module: "tools", code: "1" })],
  ],
  remove: [
    ["remove of one that runs", (api, at) => api.remove(web(at))],
    ["remove of nobody", (api, at) => api.remove(nobody(at))],
  ],
  checkpointCreate: [
    ["checkpoint create", (api, at) => api.checkpointCreate(web(at))],
    ["checkpoint create of nobody", (api, at) => api.checkpointCreate(nobody(at))],
  ],
  checkpoints: [
    ["checkpoints", (api, at) => api.checkpoints(web(at))],
    ["checkpoints of nobody", (api, at) => api.checkpoints(nobody(at))],
  ],
  checkpointShow: [
    ["checkpoint show", (api, at) => api.checkpointShow({ ...web(at), id: "latest" })],
    ["checkpoint show of none", (api, at) => api.checkpointShow({ ...web(at), id: "20200101-000000-abcdef" })],
    ["checkpoint show of no id", (api, at) => api.checkpointShow({ ...web(at), id: "last" })],
  ],
  checkpointVerify: [
    ["checkpoint verify", (api, at) => api.checkpointVerify({ ...web(at), id: "latest" })],
    ["checkpoint verify of none", (api, at) => api.checkpointVerify({ ...web(at), id: "20200101-000000-abcdef" })],
  ],
  checkpointRestore: [
    ["checkpoint restore", (api, at) => api.checkpointRestore({ ...web(at), id: "latest" })],
    ["checkpoint restore to two points", (api, at) => api.checkpointRestore({ ...web(at), id: "latest", position: 1 })],
  ],
  checkpointFork: [
    ["checkpoint fork", (api, at) => api.checkpointFork({ ...web(at), id: "latest", as: "copy" })],
    ["checkpoint fork of nobody", (api, at) => api.checkpointFork({ ...nobody(at), id: "latest", as: "copy2" })],
  ],
  checkpointExport: [
    ["checkpoint export", (api, at) => api.checkpointExport({ ...web(at), id: "latest", file: exported(at) })],
    ["checkpoint export again", (api, at) => api.checkpointExport({ ...web(at), id: "latest", file: exported(at) })],
    ["checkpoint export to no path", (api, at) => api.checkpointExport({ ...web(at), id: "latest", file: "here" })],
  ],
  checkpointDownload: [
    [
      "checkpoint download",
      async (api, at) => {
        const parts = await all(api.checkpointDownload({ ...web(at), id: "latest" }));
        return parts.map(({ offset }) => offset);
      },
    ],
    [
      "checkpoint download of none",
      (api, at) => all(api.checkpointDownload({ ...web(at), id: "20200101-000000-abcdef" })),
    ],
  ],
  checkpointImport: [
    ["checkpoint import", (api, at) => api.checkpointImport({ ...web(at), name: "copy", file: exported(at) })],
    ["checkpoint import of nothing", (api, at) => api.checkpointImport({ ...web(at), file: "/nowhere.checkpoint" })],
  ],
  checkpointPrune: [
    ["checkpoint prune", (api, at) => api.checkpointPrune({ ...web(at), keep_count: 1, dry_run: true })],
    ["checkpoint prune of nobody", (api, at) => api.checkpointPrune(nobody(at))],
  ],
  checkpointDelete: [
    ["checkpoint delete", (api, at) => api.checkpointDelete({ ...web(at), id: "latest", dry_run: true })],
    ["checkpoint delete of none", (api, at) => api.checkpointDelete({ ...web(at), id: "20200101-000000-abcdef" })],
  ],
  registryRegister: [
    [
      "register",
      async (api, at) => {
        const registered = await api.registryRegister({
          tenant: at.tenant,
          service_id: "redis",
          service_name: "cache",
        });
        at.kept.set("handle", registered.handle ?? "");
        return { ...registered, handle: "" };
      },
    ],
    [
      "register without a name",
      (api, { tenant }) => api.registryRegister({ tenant, service_id: "redis", service_name: "no name" }),
    ],
  ],
  registryDiscover: [
    [
      "discover",
      async (api, { tenant }) => (await api.registryDiscover({ tenant, service_name: "cache" })).services.length,
    ],
    [
      "discover by what it has not",
      (api, { tenant }) => api.registryDiscover({ tenant, service_name: "cache", filters: { region: "eu" } }),
    ],
  ],
  registryList: [["registry", async (api, { tenant }) => (await api.registryList({ tenant })).total]],
  registryRenew: [
    [
      "renew",
      async (api, at) => (await api.registryRenew({ tenant: at.tenant, handle: kept(at, "handle") })).service_id,
    ],
    ["renew of nothing", (api, { tenant }) => api.registryRenew({ tenant, handle: "0".repeat(32) })],
  ],
  registryUnregister: [
    [
      "unregister",
      async (api, at) => (await api.registryUnregister({ tenant: at.tenant, handle: kept(at, "handle") })).service_name,
    ],
    ["unregister of nothing", (api, { tenant }) => api.registryUnregister({ tenant, handle: "0".repeat(32) })],
  ],
  secretSet: [
    ["secret set", (api, { tenant }) => api.secretSet({ tenant, secret: "API_KEY", value: "s3cret value" })],
    ["secret set of no name", (api, { tenant }) => api.secretSet({ tenant, secret: "no name", value: "s3cret" })],
  ],
  secretList: [["secrets", (api, { tenant }) => api.secretList({ tenant })]],
  secretGet: [
    ["secret get", (api, { tenant }) => api.secretGet({ tenant, secret: "API_KEY" })],
    ["secret get of none", (api, { tenant }) => api.secretGet({ tenant, secret: "NONE" })],
  ],
  secretRotate: [
    ["secret rotate", (api, { tenant }) => api.secretRotate({ tenant, secret: "API_KEY", value: "another value" })],
    ["secret rotate of none", (api, { tenant }) => api.secretRotate({ tenant, secret: "NONE", value: "another" })],
  ],
  secretDelete: [
    ["secret delete", (api, { tenant }) => api.secretDelete({ tenant, secret: "API_KEY" })],
    ["secret delete of none", (api, { tenant }) => api.secretDelete({ tenant, secret: "API_KEY" })],
  ],
  secretRekey: [["secrets under a credential that is not there", (api) => api.secretRekey({ to: "credential" })]],
  secretUnlock: [["unlock of what is not locked", (api) => api.secretUnlock({ passphrase: "open sesame" })]],
  capabilityGrant: [
    [
      "capability grant",
      async (api, at) => {
        const granted = await api.capabilityGrant({ tenant: at.tenant, resource: "service:web", role: "viewer" });
        at.kept.set("id", granted.id).set("token", granted.token);
        return granted;
      },
    ],
    [
      "capability grant of no resource",
      (api, { tenant }) => api.capabilityGrant({ tenant, resource: "web", permissions: ["read"] }),
    ],
  ],
  capabilities: [["capabilities", async (api, { tenant }) => (await api.capabilities({ tenant })).capabilities.length]],
  capabilityShow: [
    ["capability show", (api, at) => api.capabilityShow({ tenant: at.tenant, id: kept(at, "id") })],
    ["capability show of none", (api, { tenant }) => api.capabilityShow({ tenant, id: "cap-0000000000000000" })],
  ],
  capabilityAttenuate: [
    [
      "capability attenuate",
      (api, at) => api.capabilityAttenuate({ tenant: at.tenant, parent: kept(at, "id"), permissions: ["read"] }),
    ],
    [
      "capability attenuate beyond",
      (api, at) => api.capabilityAttenuate({ tenant: at.tenant, parent: kept(at, "id"), permissions: ["deploy"] }),
    ],
  ],
  capabilityDelegate: [
    [
      "capability delegate",
      (api, at) => api.capabilityDelegate({ tenant: at.tenant, parent: kept(at, "id"), holder: "alice" }),
    ],
    [
      "capability delegate of none",
      (api, { tenant }) => api.capabilityDelegate({ tenant, parent: "cap-0000000000000000", holder: "alice" }),
    ],
  ],
  capabilityVerify: [
    ["capability verify", (api, at) => api.capabilityVerify({ tenant: at.tenant, token: kept(at, "token") })],
    [
      "capability verify beyond",
      (api, at) => api.capabilityVerify({ tenant: at.tenant, token: kept(at, "token"), permission: "deploy" }),
    ],
  ],
  capabilityRevoke: [
    [
      "capability revoke",
      async (api, at) => (await api.capabilityRevoke({ tenant: at.tenant, id: kept(at, "id") })).revoked.length,
    ],
    ["capability revoke of none", (api, { tenant }) => api.capabilityRevoke({ tenant, id: "cap-0000000000000000" })],
  ],
  audit: [
    ["audit", (api, { tenant }) => all(api.audit({ tenant, operation: "checkpointCreate" }))],
    ["audit from no cursor", (api, { tenant }) => all(api.audit({ tenant, since_cursor: "here" }))],
  ],
  auditAll: [
    ["audit of all", async (api) => (await all(api.auditAll({ tail: 3 }))).length],
    ["audit of all from no cursor", (api) => all(api.auditAll({ since_cursor: "here" }))],
  ],
  auditExport: [["audit export", async (api) => (await all(api.auditExport({}))).length > 10]],
  auditVerify: [
    ["audit verify", async (api) => (await api.auditVerify({})).state],
    [
      "audit verify against another head",
      async (api) => (await api.auditVerify({ head: `1:${"0".repeat(64)}` })).state,
    ],
  ],
  kill: [
    ["kill", (api, at) => api.kill({ ...web(at), grace_ms: 5_000 })],
    ["kill again", (api, at) => api.kill({ ...web(at), force: true })],
    ["kill of nobody", (api, at) => api.kill(nobody(at))],
  ],
  // The last of all, see the test: a kernel ends once.
  shutdown: [],
};

const crash = `console.log("about to"); throw new Error("out of luck");`;

function deploy(
  api: Parameters<Case[1]>[0],
  { tenant }: Place,
  services: readonly ReturnType<typeof service>[],
  options: { readonly dry_run?: boolean; readonly if_updated?: string } = {},
): Promise<unknown> {
  return all(api.deploy({ tenant, services: [...services], ...options }));
}

function exported({ write, tenant }: Place): string {
  return write(`${tenant}/marker`, "").replace(/marker$/, "web.checkpoint");
}
