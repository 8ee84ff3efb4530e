import type { z } from "zod";
import { keepAccepted, type OperationInput, type OperationName, operations, SoloError } from "../../api/index.ts";

/**
 * What came over the wire, once it is known to be the operation's input.
 * @throws SoloError `invalid_request` (`invalid_name` for a name), naming the field
 */
export function checkInput<Name extends OperationName>(name: Name, input: unknown): OperationInput<Name> {
  return checks[name](input);
}

const checks: { readonly [Name in OperationName]: (input: unknown) => OperationInput<Name> } = {
  deploy: (input) => check(operations.deploy.input, input),
  list: (input) => check(operations.list.input, input),
  status: (input) => check(operations.status.input, input),
  call: (input) => check(operations.call.input, input),
  kill: (input) => check(operations.kill.input, input),
  restart: (input) => check(operations.restart.input, input),
  scale: (input) => check(operations.scale.input, input),
  logs: (input) => check(operations.logs.input, input),
  events: (input) => check(operations.events.input, input),
  stateGet: (input) => check(operations.stateGet.input, input),
  stateSet: (input) => check(operations.stateSet.input, input),
  stateDelete: (input) => check(operations.stateDelete.input, input),
  stateScan: (input) => check(operations.stateScan.input, input),
  stateWatch: (input) => check(operations.stateWatch.input, input),
  stateImport: (input) => check(operations.stateImport.input, input),
  effects: (input) => check(operations.effects.input, input),
  resolve: (input) => check(operations.resolve.input, input),
  signal: (input) => check(operations.signal.input, input),
  sandbox: (input) => check(operations.sandbox.input, input),
  budget: (input) => check(operations.budget.input, input),
  why: (input) => check(operations.why.input, input),
  checkpoints: (input) => check(operations.checkpoints.input, input),
  checkpointShow: (input) => check(operations.checkpointShow.input, input),
  checkpointVerify: (input) => check(operations.checkpointVerify.input, input),
  checkpointCreate: (input) => check(operations.checkpointCreate.input, input),
  checkpointRestore: (input) => check(operations.checkpointRestore.input, input),
  checkpointFork: (input) => check(operations.checkpointFork.input, input),
  checkpointDelete: (input) => check(operations.checkpointDelete.input, input),
  checkpointPrune: (input) => check(operations.checkpointPrune.input, input),
  checkpointExport: (input) => check(operations.checkpointExport.input, input),
  checkpointDownload: (input) => check(operations.checkpointDownload.input, input),
  checkpointImport: (input) => check(operations.checkpointImport.input, input),
  audit: (input) => check(operations.audit.input, input),
  auditAll: (input) => check(operations.auditAll.input, input),
  auditExport: (input) => check(operations.auditExport.input, input),
  auditVerify: (input) => check(operations.auditVerify.input, input),
  upload: (input) => check(operations.upload.input, input),
  secretList: (input) => check(operations.secretList.input, input),
  secretSet: (input) => check(operations.secretSet.input, input),
  secretGet: (input) => check(operations.secretGet.input, input),
  secretRotate: (input) => check(operations.secretRotate.input, input),
  secretDelete: (input) => check(operations.secretDelete.input, input),
  secretRekey: (input) => check(operations.secretRekey.input, input),
  secretUnlock: (input) => check(operations.secretUnlock.input, input),
  capabilityGrant: (input) => check(operations.capabilityGrant.input, input),
  capabilities: (input) => check(operations.capabilities.input, input),
  capabilityShow: (input) => check(operations.capabilityShow.input, input),
  capabilityAttenuate: (input) => check(operations.capabilityAttenuate.input, input),
  capabilityDelegate: (input) => check(operations.capabilityDelegate.input, input),
  capabilityRevoke: (input) => check(operations.capabilityRevoke.input, input),
  capabilityVerify: (input) => check(operations.capabilityVerify.input, input),
  registryRegister: (input) => check(operations.registryRegister.input, input),
  registryRenew: (input) => check(operations.registryRenew.input, input),
  registryUnregister: (input) => check(operations.registryUnregister.input, input),
  registryDiscover: (input) => check(operations.registryDiscover.input, input),
  registryList: (input) => check(operations.registryList.input, input),
  tenantList: (input) => check(operations.tenantList.input, input),
  tenantShow: (input) => check(operations.tenantShow.input, input),
  crashes: (input) => check(operations.crashes.input, input),
  metrics: (input) => check(operations.metrics.input, input),
  metricsAll: (input) => check(operations.metricsAll.input, input),
  reload: (input) => check(operations.reload.input, input),
  remove: (input) => check(operations.remove.input, input),
  health: (input) => check(operations.health.input, input),
  version: (input) => check(operations.version.input, input),
  shutdown: (input) => check(operations.shutdown.input, input),
};

function check<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const { data, error } = schema.safeParse(input);
  if (!error) return keepAccepted(schema, data);
  const [issue] = error.issues;
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys : [];
  const field = [...(issue?.path ?? []), ...unknown.slice(0, 1)].join(".");
  const isName = unknown.length === 0 && /(^|\.)(name|tenant)$/.test(field);
  const message = unknown.length > 0 ? "unknown field" : (issue?.message ?? "invalid");
  throw new SoloError(isName ? "invalid_name" : "invalid_request", field === "" ? message : `${field}: ${message}`, {
    ...(isName && { hint: "`solo list` shows the names that exist" }),
    details: { field },
  });
}
