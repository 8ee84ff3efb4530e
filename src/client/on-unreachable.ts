import { type SoloApi, SoloError } from "../api/index.ts";
import type { SoloClient } from "./client.ts";

/**
 * A client that turns to a second way when the first reaches nobody: to a kernel it starts first, or to the files of one
 * that is not running. Operations that the second way lacks fail as the first did.
 */
export function onUnreachable(first: SoloClient, second: () => Promise<Partial<SoloApi>>): SoloClient {
  const document =
    <Input, Output>(
      call: (input: Input, signal?: AbortSignal) => Promise<Output>,
      pick: (api: Partial<SoloApi>) => ((input: Input, signal?: AbortSignal) => Promise<Output>) | undefined,
    ) =>
    async (input: Input, signal?: AbortSignal): Promise<Output> => {
      try {
        return await call(input, signal);
      } catch (thrown) {
        const other = isUnreachable(thrown) ? pick(await second()) : undefined;
        if (!other) throw thrown;
        return other(input, signal);
      }
    };
  const stream = <Input, Output>(
    call: (input: Input, signal?: AbortSignal) => AsyncIterable<Output>,
    pick: (api: Partial<SoloApi>) => ((input: Input, signal?: AbortSignal) => AsyncIterable<Output>) | undefined,
  ) =>
    async function* (input: Input, signal?: AbortSignal): AsyncGenerator<Output> {
      let begun = false;
      try {
        for await (const element of call(input, signal)) {
          begun = true;
          yield element;
        }
      } catch (thrown) {
        const other = !begun && isUnreachable(thrown) ? pick(await second()) : undefined;
        if (!other) throw thrown;
        yield* other(input, signal);
      }
    };
  return {
    deploy: stream(first.deploy, (api) => api.deploy?.bind(api)),
    list: document(first.list, (api) => api.list?.bind(api)),
    listJson: document(
      first.listJson,
      ({ list }) => list && (async (...asked) => JSON.stringify(await list(...asked))),
    ),
    status: document(first.status, (api) => api.status?.bind(api)),
    sandbox: document(first.sandbox, (api) => api.sandbox?.bind(api)),
    call: document(first.call, (api) => api.call?.bind(api)),
    kill: document(first.kill, (api) => api.kill?.bind(api)),
    restart: stream(first.restart, (api) => api.restart?.bind(api)),
    scale: stream(first.scale, (api) => api.scale?.bind(api)),
    logs: stream(first.logs, (api) => api.logs?.bind(api)),
    events: stream(first.events, (api) => api.events?.bind(api)),
    stateGet: document(first.stateGet, (api) => api.stateGet?.bind(api)),
    stateSet: document(first.stateSet, (api) => api.stateSet?.bind(api)),
    stateDelete: document(first.stateDelete, (api) => api.stateDelete?.bind(api)),
    stateScan: stream(first.stateScan, (api) => api.stateScan?.bind(api)),
    stateWatch: stream(first.stateWatch, (api) => api.stateWatch?.bind(api)),
    stateImport: document(first.stateImport, (api) => api.stateImport?.bind(api)),
    effects: document(first.effects, (api) => api.effects?.bind(api)),
    resolve: document(first.resolve, (api) => api.resolve?.bind(api)),
    signal: document(first.signal, (api) => api.signal?.bind(api)),
    budget: document(first.budget, (api) => api.budget?.bind(api)),
    why: document(first.why, (api) => api.why?.bind(api)),
    checkpoints: document(first.checkpoints, (api) => api.checkpoints?.bind(api)),
    checkpointShow: document(first.checkpointShow, (api) => api.checkpointShow?.bind(api)),
    checkpointVerify: document(first.checkpointVerify, (api) => api.checkpointVerify?.bind(api)),
    checkpointCreate: document(first.checkpointCreate, (api) => api.checkpointCreate?.bind(api)),
    checkpointRestore: document(first.checkpointRestore, (api) => api.checkpointRestore?.bind(api)),
    checkpointFork: document(first.checkpointFork, (api) => api.checkpointFork?.bind(api)),
    checkpointDelete: document(first.checkpointDelete, (api) => api.checkpointDelete?.bind(api)),
    checkpointPrune: document(first.checkpointPrune, (api) => api.checkpointPrune?.bind(api)),
    checkpointExport: document(first.checkpointExport, (api) => api.checkpointExport?.bind(api)),
    checkpointDownload: stream(first.checkpointDownload, (api) => api.checkpointDownload?.bind(api)),
    checkpointImport: document(first.checkpointImport, (api) => api.checkpointImport?.bind(api)),
    upload: document(first.upload, (api) => api.upload?.bind(api)),
    audit: stream(first.audit, (api) => api.audit?.bind(api)),
    auditAll: stream(first.auditAll, (api) => api.auditAll?.bind(api)),
    auditExport: stream(first.auditExport, (api) => api.auditExport?.bind(api)),
    auditVerify: document(first.auditVerify, (api) => api.auditVerify?.bind(api)),
    registryRegister: document(first.registryRegister, (api) => api.registryRegister?.bind(api)),
    registryRenew: document(first.registryRenew, (api) => api.registryRenew?.bind(api)),
    registryUnregister: document(first.registryUnregister, (api) => api.registryUnregister?.bind(api)),
    registryDiscover: document(first.registryDiscover, (api) => api.registryDiscover?.bind(api)),
    registryList: document(first.registryList, (api) => api.registryList?.bind(api)),
    secretList: document(first.secretList, (api) => api.secretList?.bind(api)),
    secretSet: document(first.secretSet, (api) => api.secretSet?.bind(api)),
    secretGet: document(first.secretGet, (api) => api.secretGet?.bind(api)),
    secretRotate: document(first.secretRotate, (api) => api.secretRotate?.bind(api)),
    secretDelete: document(first.secretDelete, (api) => api.secretDelete?.bind(api)),
    secretRekey: document(first.secretRekey, (api) => api.secretRekey?.bind(api)),
    secretUnlock: document(first.secretUnlock, (api) => api.secretUnlock?.bind(api)),
    capabilityGrant: document(first.capabilityGrant, (api) => api.capabilityGrant?.bind(api)),
    capabilities: document(first.capabilities, (api) => api.capabilities?.bind(api)),
    capabilityShow: document(first.capabilityShow, (api) => api.capabilityShow?.bind(api)),
    capabilityAttenuate: document(first.capabilityAttenuate, (api) => api.capabilityAttenuate?.bind(api)),
    capabilityDelegate: document(first.capabilityDelegate, (api) => api.capabilityDelegate?.bind(api)),
    capabilityRevoke: document(first.capabilityRevoke, (api) => api.capabilityRevoke?.bind(api)),
    capabilityVerify: document(first.capabilityVerify, (api) => api.capabilityVerify?.bind(api)),
    tenantList: document(first.tenantList, (api) => api.tenantList?.bind(api)),
    tenantShow: document(first.tenantShow, (api) => api.tenantShow?.bind(api)),
    crashes: document(first.crashes, (api) => api.crashes?.bind(api)),
    metrics: document(first.metrics, (api) => api.metrics?.bind(api)),
    metricsAll: document(first.metricsAll, (api) => api.metricsAll?.bind(api)),
    reload: document(first.reload, (api) => api.reload?.bind(api)),
    remove: document(first.remove, (api) => api.remove?.bind(api)),
    health: document(first.health, (api) => api.health?.bind(api)),
    version: document(first.version, (api) => api.version?.bind(api)),
    shutdown: document(first.shutdown, (api) => api.shutdown?.bind(api)),
    close: first.close,
  };
}

function isUnreachable(thrown: unknown): boolean {
  return thrown instanceof SoloError && thrown.code === "unreachable" && thrown.applied === "no";
}
