export { renderAuditRecord, renderAuditVerification } from "./audit.ts";
export { renderCallResult } from "./call-result.ts";
export { renderCapabilities, renderCapability, renderGranted, renderRevoked } from "./capability.ts";
export { renderCertificate, renderCertificates, renderRevokedCertificate, renderTlsCreated } from "./certificates.ts";
export {
  renderCheckpoint,
  renderCheckpointDeletion,
  renderCheckpointDetail,
  renderCheckpointExport,
  renderCheckpointFork,
  renderCheckpointImport,
  renderCheckpointList,
  renderCheckpointRestore,
  renderCheckpointVerification,
} from "./checkpoint.ts";
export { renderContexts } from "./contexts.ts";
export { renderCrashes } from "./crashes.ts";
export { renderDashboard } from "./dashboard.ts";
export { renderDeployResults } from "./deploy-result.ts";
export { renderDiagnosis } from "./diagnosis.ts";
export { renderEvent } from "./event.ts";
export { renderExitCodes } from "./exit-codes.ts";
export { renderExplanation } from "./explanation.ts";
export { renderFacts } from "./facts.ts";
export { renderHealth } from "./health.ts";
export { renderKernelState, renderShutdown } from "./kernel-state.ts";
export { renderKillResult } from "./kill-result.ts";
export { renderLog, renderLogCheck, renderLogRepair, renderLogStats, renderLogTruncation } from "./log-files.ts";
export { logLineRenderer } from "./log-line.ts";
export { renderMetrics } from "./metrics.ts";
export { renderOverview } from "./overview.ts";
export { renderProblems } from "./problems.ts";
export { renderRegistered, renderRegistry, renderUnregistered } from "./registry.ts";
export { renderReload } from "./reload.ts";
export { renderRemoval } from "./remove-result.ts";
export { renderSandbox } from "./sandbox.ts";
export {
  renderSecretDeleted,
  renderSecretRekeyed,
  renderSecrets,
  renderSecretUnlocked,
  renderSecretWritten,
} from "./secrets.ts";
export { renderServiceHealth } from "./service-health.ts";
export { renderServiceList } from "./service-list.ts";
export { renderServiceStatus } from "./service-status.ts";
export {
  renderStateChange,
  renderStateDeleted,
  renderStateEntry,
  renderStateImported,
  renderStateValue,
  renderStateWritten,
} from "./state-entries.ts";
export { renderBudget, renderEffect, renderEffects, renderSignal } from "./steps.ts";
export {
  renderKeyValue,
  renderKeyValueCheck,
  renderKeyValueCompaction,
  renderKeyValueRepair,
  renderKeyValueStats,
} from "./store-files.ts";
export { renderTenant, renderTenants } from "./tenants.ts";
export { renderWhy } from "./why.ts";
