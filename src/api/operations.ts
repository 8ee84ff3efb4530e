import { z } from "zod";
import { type AuditOutput, auditOperations } from "./audit.ts";
import { type CapabilityOutput, capabilityOperations } from "./capabilities.ts";
import { type CheckpointOutput, checkpointOperations } from "./checkpoints.ts";
import { type CrashOutput, crashOperations } from "./crashes.ts";
import { type DiscoveryOutput, discoveryOperations } from "./discovery.ts";
import type {
  BudgetDocument,
  CallResult,
  DeployProgress,
  EffectDocument,
  EffectList,
  EventDocument,
  HealthDocument,
  KillResult,
  LogLine,
  ServiceList,
  ServiceStatus,
  ShutdownResult,
  SignalResult,
  VersionDocument,
  WhyDocument,
} from "./documents.ts";
import { effectStates } from "./documents.ts";
import { type MetricOutput, metricOperations } from "./metrics.ts";
import { defaultTenant, nameSchema } from "./name.ts";
import { changes, needs, type OperationDeclaration } from "./permissions.ts";
import { type ReloadOutput, reloadOperations } from "./reload.ts";
import { type RemovalOutput, removalOperations } from "./removal.ts";
import { routes } from "./routes/index.ts";
import type { SandboxDocument } from "./sandbox.ts";
import { type SecretOutput, secretOperations } from "./secrets.ts";
import { groupSchema, serviceSpecSchema } from "./spec.ts";
import {
  type StateChangeLine,
  type StateDeleted,
  type StateEntryLine,
  type StateImported,
  type StateValue,
  type StateWritten,
  stateDeleteRequestSchema,
  stateGetRequestSchema,
  stateImportRequestSchema,
  stateScanRequestSchema,
  stateSetRequestSchema,
  stateWatchRequestSchema,
} from "./state-operations.ts";
import { maxStepIdLength } from "./steps.ts";
import { type TenantOutput, tenantOperations } from "./tenants.ts";
import { type UploadOutput, uploadOperations } from "./uploads.ts";

/**
 * Every operation of a kernel, once: the in-process kernel implements {@link SoloApi}, the HTTP gateway and the HTTP client
 * are both driven by {@link operations}, so no transport can know an operation that another one lacks.
 */

const tenant = nameSchema.default(defaultTenant);
const target = { tenant, name: nameSchema };
/** Only if nobody changed the service meanwhile: the `updated` of its status. */
const if_updated = z.iso.datetime().optional();
const timeout_ms = z.int().min(1).max(86_400_000).default(60_000);
const moment = z.iso.datetime({ offset: true });

export const deployRequestSchema = z.strictObject({
  tenant,
  services: z.array(z.strictObject({ name: nameSchema, spec: serviceSpecSchema })).min(1),
  groups: z.array(groupSchema).default([]),
  /** Return only once every service is ready (or completed). */
  wait: z.boolean().default(true),
  timeout_ms,
  /** Validate and build, change nothing. */
  dry_run: z.boolean().default(false),
  /** Of a deploy of one service. */
  if_updated,
});
export type DeployRequest = z.input<typeof deployRequestSchema>;

export const listRequestSchema = z.strictObject({ tenant });
export const statusRequestSchema = z.strictObject(target);
const stepId = z.string().min(1).max(maxStepIdLength);
export const effectsRequestSchema = z.strictObject({ ...target, state: z.enum(effectStates).optional() });
export const resolveRequestSchema = z.strictObject({
  ...target,
  id: stepId,
  /** The run that the effect belongs to; absent: the service's own. */
  run: stepId.optional(),
  /** `done`: it happened; `failed`: it did not, and is not to be tried again; `retry`: it did not, and may be. */
  as: z.enum(["done", "failed", "retry"]),
  /** `done`: what the effect's function would have returned. */
  result: z.unknown().optional(),
});
export const signalRequestSchema = z.strictObject({
  ...target,
  signal: stepId,
  run: stepId.optional(),
  /** Any JSON. */
  value: z.unknown().default(null),
  /** Delivered again under the same id, it counts once. */
  id: stepId.optional(),
});
export const budgetRequestSchema = z.strictObject(target);

export const sandboxRequestSchema = z.strictObject(target);
export const whyRequestSchema = z.strictObject(target);
export const killRequestSchema = z.strictObject({
  ...target,
  /** SIGKILL at once instead of drain, SIGTERM and grace. */
  force: z.boolean().default(false),
  /** Overrides the service's own grace between SIGTERM and SIGKILL. */
  grace_ms: z.int().min(0).optional(),
  if_updated,
});
export const restartRequestSchema = z.strictObject({
  ...target,
  wait: z.boolean().default(true),
  timeout_ms,
  if_updated,
});
export const scaleRequestSchema = z.strictObject({
  ...target,
  replicas: z.int().min(0).max(1_000),
  wait: z.boolean().default(true),
  timeout_ms,
  if_updated,
});
export const callRequestSchema = z.strictObject({
  ...target,
  method: z.string().min(1).max(200),
  /** Any JSON. */
  input: z.unknown().default(null),
  /** How long to wait for the answer. */
  timeout_ms: z.int().min(1).max(86_400_000).default(30_000),
});
export const logsRequestSchema = z.strictObject({
  ...target,
  follow: z.boolean().default(false),
  /** Only the last lines; all kept lines when absent. */
  tail: z.int().min(0).optional(),
  since: moment.optional(),
  /** Lines after this position, as found in a line's `cursor`. */
  since_cursor: z.string().optional(),
  /** A regular expression (JavaScript syntax) that the message must match. */
  grep: z.string().optional(),
  instance: z.string().optional(),
});
export const eventsRequestSchema = z.strictObject({
  tenant,
  name: nameSchema.optional(),
  follow: z.boolean().default(false),
  tail: z.int().min(0).optional(),
  since: moment.optional(),
  since_cursor: z.string().optional(),
});
export const shutdownRequestSchema = z.strictObject({
  keep_services: z.boolean().default(false),
  /** How long services may take to stop, all together, before they are killed; absent: 30 s, or the longest of their own. */
  grace_ms: z.int().min(0).max(86_400_000).optional(),
});
export const emptyRequestSchema = z.strictObject({});

/**
 * `stream` operations answer with NDJSON, the others with one document. `{name}` in a path is taken from the input. Each says
 * which permission it needs, on what, and whether it changes something.
 */
export const operations = {
  deploy: { ...routes.deploy, input: deployRequestSchema, ...changes("deploy") },
  list: { ...routes.list, input: listRequestSchema, ...needs("read", "visible") },
  status: { ...routes.status, input: statusRequestSchema, ...needs("read") },
  kill: { ...routes.kill, input: killRequestSchema, ...changes("operate") },
  restart: { ...routes.restart, input: restartRequestSchema, ...changes("operate") },
  scale: { ...routes.scale, input: scaleRequestSchema, ...changes("operate") },
  call: { ...routes.call, input: callRequestSchema, ...needs("call") },
  logs: { ...routes.logs, input: logsRequestSchema, ...needs("logs") },
  events: { ...routes.events, input: eventsRequestSchema, ...needs("read", "visible") },
  stateGet: { ...routes.stateGet, input: stateGetRequestSchema, ...needs("state:read") },
  stateSet: { ...routes.stateSet, input: stateSetRequestSchema, ...changes("state:write") },
  stateDelete: { ...routes.stateDelete, input: stateDeleteRequestSchema, ...changes("state:write") },
  stateScan: { ...routes.stateScan, input: stateScanRequestSchema, ...needs("state:read") },
  stateWatch: { ...routes.stateWatch, input: stateWatchRequestSchema, ...needs("state:read") },
  stateImport: { ...routes.stateImport, input: stateImportRequestSchema, ...changes("state:write") },
  effects: { ...routes.effects, input: effectsRequestSchema, ...needs("read") },
  resolve: { ...routes.resolve, input: resolveRequestSchema, ...changes("operate") },
  signal: { ...routes.signal, input: signalRequestSchema, ...changes("signal") },
  budget: { ...routes.budget, input: budgetRequestSchema, ...needs("read") },
  sandbox: { ...routes.sandbox, input: sandboxRequestSchema, ...needs("read") },
  why: { ...routes.why, input: whyRequestSchema, ...needs("read") },
  ...checkpointOperations,
  ...secretOperations,
  ...uploadOperations,
  ...auditOperations,
  ...crashOperations,
  ...tenantOperations,
  ...reloadOperations,
  ...removalOperations,
  ...capabilityOperations,
  ...discoveryOperations,
  ...metricOperations,
  health: { ...routes.health, input: emptyRequestSchema, ...needs("open", "kernel") },
  version: { ...routes.version, input: emptyRequestSchema, ...needs("open", "kernel") },
  shutdown: { ...routes.shutdown, input: shutdownRequestSchema, ...changes("admin", "kernel") },
} as const satisfies Record<string, OperationDeclaration>;

export type OperationName = keyof typeof operations;
/** What a caller passes: defaults may be left out. */
export type OperationInput<Name extends OperationName> = z.input<(typeof operations)[Name]["input"]>;
/** What an implementation receives: defaults filled in. */
export type OperationRequest<Name extends OperationName> = z.output<(typeof operations)[Name]["input"]>;

/** What an operation answers: one document, or the elements of its stream. */
export interface OperationOutput
  extends UploadOutput,
    AuditOutput,
    CapabilityOutput,
    DiscoveryOutput,
    MetricOutput,
    CrashOutput,
    TenantOutput,
    ReloadOutput,
    RemovalOutput,
    CheckpointOutput,
    SecretOutput {
  deploy: DeployProgress;
  list: ServiceList;
  status: ServiceStatus;
  kill: KillResult;
  restart: DeployProgress;
  scale: DeployProgress;
  call: CallResult;
  logs: LogLine;
  events: EventDocument;
  stateGet: StateValue;
  stateSet: StateWritten;
  stateDelete: StateDeleted;
  stateScan: StateEntryLine;
  stateWatch: StateChangeLine;
  stateImport: StateImported;
  effects: EffectList;
  resolve: EffectDocument;
  signal: SignalResult;
  budget: BudgetDocument;
  sandbox: SandboxDocument;
  why: WhyDocument;
  health: HealthDocument;
  version: VersionDocument;
  shutdown: ShutdownResult;
}

type Answer<Name extends OperationName> = (typeof operations)[Name]["stream"] extends true
  ? AsyncIterable<OperationOutput[Name]>
  : Promise<OperationOutput[Name]>;

/**
 * What a kernel can do, whatever the transport. Every failure is a `SoloError`, thrown by the promise or by the iterator.
 * Aborting the signal ends a stream; an operation that has begun to change something is not undone by it.
 */
export type SoloApi = {
  readonly [Name in OperationName]: (input: OperationInput<Name>, signal?: AbortSignal) => Answer<Name>;
};

/** What can be read of a data directory while no kernel runs on it. */
export interface ReadApi
  extends Pick<
    SoloApi,
    | "audit"
    | "auditAll"
    | "auditExport"
    | "auditVerify"
    | "crashes"
    | "secretList"
    | "registryDiscover"
    | "registryList"
    | "checkpoints"
    | "checkpointShow"
    | "checkpointVerify"
    | "stateGet"
    | "stateScan"
    | "stateWatch"
    | "effects"
    | "budget"
    | "list"
    | "status"
    | "logs"
    | "events"
    | "why"
    | "health"
  > {
  /** What a deploy would change; one that is no dry run is refused, because it needs a kernel. */
  readonly deploy: SoloApi["deploy"];
  /** Whether any process of any tenant's service lives. */
  readonly hasProcesses: () => boolean;
}
