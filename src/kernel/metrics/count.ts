import type { EventDocument, OperationName, ServiceRef, SoloError } from "../../api/index.ts";
import type { MetricsRegistry } from "../../observe/metrics/index.ts";

/** What is counted as it happens: operations, calls and events. */

/** An operation that has ended, or was refused. */
export interface EndedOperation {
  readonly operation: OperationName | "authenticate";
  readonly tenant: string | null;
  /** Whether a capability was shown for it. */
  readonly byCapability: boolean;
  readonly error: SoloError | null;
  readonly tookMs: number;
}

export function countOperation(metrics: MetricsRegistry, ended: EndedOperation): void {
  const { operation, byCapability, error } = ended;
  const seconds = ended.tookMs / 1_000;
  const outcome = outcomeOf(error);
  // Whoever is refused may have named any tenant.
  const tenant = outcome === "refused" ? "" : (ended.tenant ?? "");
  metrics.count("solo_operations_total", { tenant, operation, outcome });
  if (outcome !== "refused") metrics.observe("solo_operation_duration_seconds", { operation }, seconds);
  if (byCapability || error?.code === "unauthenticated") {
    const isDenied = error?.code === "unauthenticated" || error?.code === "forbidden";
    metrics.count("solo_capability_verifications_total", { outcome: isDenied ? "denied" : "granted" });
  }
  if (operation === "deploy") {
    metrics.count("solo_deployments_total", { tenant, outcome });
    if (outcome !== "refused") metrics.observe("solo_deployment", { tenant }, seconds);
  } else if (operation === "kill") metrics.count("solo_kills_total", { tenant, outcome });
  else if (operation === "status") metrics.count("solo_status_checks_total", { tenant, outcome });
  else if (operation === "reload" && error === null) metrics.observe("solo_hot_swap", { tenant }, seconds);
  else if (operation.startsWith("secret")) metrics.count("solo_vault_accesses_total", { tenant, outcome });
  else if (grants.has(operation) && error === null) metrics.count("solo_capability_grants_total", { tenant });
}

const grants: ReadonlySet<string> = new Set(["capabilityGrant", "capabilityAttenuate", "capabilityDelegate"]);

export function countCall(
  metrics: MetricsRegistry,
  { tenant, name: service }: ServiceRef,
  error: SoloError | null,
  tookMs: number,
): void {
  const outcome = outcomeOf(error);
  metrics.count("solo_calls_total", { tenant, service, outcome });
  if (outcome !== "refused") metrics.observe("solo_call_duration_seconds", { tenant, service }, tookMs / 1_000);
}

/** Everything of note that happens to a service is an event: what is counted of it needs no place of its own. */
export function countEvent(metrics: MetricsRegistry, { tenant, event, subject, data }: EventDocument): void {
  metrics.count("solo_events_total", { tenant, event });
  const service = subject.split("/")[1] ?? "";
  const labels = { tenant, service };
  if (event === "instance_ready") {
    metrics.observe("solo_service_startup_seconds", labels, numberOf(data.took_ms) / 1_000);
  } else if (event === "rollout_rolled_back") metrics.count("solo_rollouts_rolled_back_total", labels);
  else if (event === "checkpoint_restored") metrics.count("solo_checkpoints_restored_total", labels);
  else if (event === "checkpoint_failed") metrics.count("solo_checkpoints_failed_total", labels);
  else if (event === "checkpoint_created") {
    metrics.count("solo_checkpoints_created_total", { ...labels, reason: String(data.reason) });
    metrics.count("solo_checkpoint_stored_bytes_total", labels, numberOf(data.stored_bytes));
  }
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function outcomeOf(error: SoloError | null): "done" | "refused" | "failed" {
  if (error === null) return "done";
  return refusals.has(error.code) ? "refused" : "failed";
}

const refusals: ReadonlySet<SoloError["code"]> = new Set([
  "unauthenticated",
  "forbidden",
  "limit_exceeded",
  "budget_exhausted",
]);
