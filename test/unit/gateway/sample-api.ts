import { type DeployProgress, type LogLine, type SoloApi, SoloError } from "../../../src/api/index.ts";
import { Access } from "../../../src/kernel/access/index.ts";

/** A sample behind the access layer that every kernel has. */
export function accessTo(api: SoloApi): Access {
  return new Access({ api: () => api });
}

/** A small kernel without processes: what a transport carries, not what a kernel does, is under test. */
export interface SampleApi extends SoloApi {
  /** What was asked for, in order. */
  readonly calls: { readonly name: string; readonly input: unknown }[];
  /** Streams that are being read now. */
  open: number;
  /** Log lines that were taken from the source so far. */
  taken: number;
}

export function sampleApi(overrides: Partial<SoloApi> = {}): SampleApi {
  const calls: SampleApi["calls"] = [];
  const unused = (name: string) => () => {
    throw new SoloError("internal", `${name} is not part of this sample`);
  };
  const api: SampleApi = {
    calls,
    open: 0,
    taken: 0,
    list: async (input) => {
      calls.push({ name: "list", input });
      return { services: [] };
    },
    status: async ({ name }) => {
      throw new SoloError("not_found", `no service ${name}`, { hint: "`solo list` shows what there is" });
    },
    kill: async (input) => {
      calls.push({ name: "kill", input });
      return { service: input.name, tenant: input.tenant ?? "default", state: "stopped", instances: [], took_ms: 1 };
    },
    call: unused("call"),
    async *deploy(input): AsyncGenerator<DeployProgress> {
      calls.push({ name: "deploy", input });
      yield { type: "result", time: instant, services: [], took_ms: 2 };
    },
    async *logs({ name, tail, follow }, signal): AsyncGenerator<LogLine> {
      api.open++;
      try {
        for (let index = 0; index < (tail ?? 3); index++) {
          api.taken++;
          yield line(name, index);
        }
        if (follow) await new Promise((resolve) => signal?.addEventListener("abort", resolve));
      } finally {
        api.open--;
      }
    },
    events: unused("events"),
    stateGet: unused("stateGet"),
    stateSet: unused("stateSet"),
    stateDelete: unused("stateDelete"),
    stateScan: unused("stateScan"),
    stateWatch: unused("stateWatch"),
    stateImport: unused("stateImport"),
    restart: unused("restart"),
    scale: unused("scale"),
    sandbox: unused("sandbox"),
    capabilityGrant: unused("capabilityGrant"),
    capabilities: unused("capabilities"),
    capabilityShow: unused("capabilityShow"),
    capabilityAttenuate: unused("capabilityAttenuate"),
    capabilityDelegate: unused("capabilityDelegate"),
    capabilityRevoke: unused("capabilityRevoke"),
    capabilityVerify: unused("capabilityVerify"),
    effects: unused("effects"),
    resolve: unused("resolve"),
    signal: unused("signal"),
    budget: unused("budget"),
    why: unused("why"),
    checkpoints: unused("checkpoints"),
    checkpointShow: unused("checkpointShow"),
    checkpointVerify: unused("checkpointVerify"),
    checkpointCreate: unused("checkpointCreate"),
    checkpointRestore: unused("checkpointRestore"),
    checkpointFork: unused("checkpointFork"),
    checkpointDelete: unused("checkpointDelete"),
    checkpointPrune: unused("checkpointPrune"),
    checkpointExport: unused("checkpointExport"),
    checkpointDownload: unused("checkpointDownload"),
    checkpointImport: unused("checkpointImport"),
    audit: unused("audit"),
    auditAll: unused("auditAll"),
    auditExport: unused("auditExport"),
    auditVerify: unused("auditVerify"),
    upload: unused("upload"),
    registryRegister: unused("registryRegister"),
    registryRenew: unused("registryRenew"),
    registryUnregister: unused("registryUnregister"),
    registryDiscover: unused("registryDiscover"),
    registryList: unused("registryList"),
    secretList: unused("secretList"),
    secretSet: unused("secretSet"),
    secretGet: unused("secretGet"),
    secretRotate: unused("secretRotate"),
    secretDelete: unused("secretDelete"),
    secretRekey: unused("secretRekey"),
    secretUnlock: unused("secretUnlock"),
    crashes: unused("crashes"),
    tenantList: unused("tenantList"),
    tenantShow: unused("tenantShow"),
    metrics: unused("metrics"),
    metricsAll: unused("metricsAll"),
    reload: unused("reload"),
    remove: unused("remove"),
    health: unused("health"),
    version: async () => ({ name: "solo", version: "1.0.0", commit: "abc", platform: "linux-x64", runtime: "bun" }),
    shutdown: unused("shutdown"),
    ...overrides,
  };
  return api;
}

export const instant = "2026-01-01T00:00:00.000Z";

export function line(service: string, index: number): LogLine {
  return {
    type: "log",
    time: instant,
    service,
    instance: `${service}-1`,
    stream: "stdout",
    level: "info",
    message: `line ${index} ${"x".repeat(100)}`,
    cursor: String(index),
  };
}
