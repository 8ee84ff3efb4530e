import type { Check, OperationRequest, SoloApi, VersionDocument } from "../api/index.ts";
import type { Paths, TenantSettings } from "../config/index.ts";
import type { EventLog } from "../observe/events/index.ts";
import type { LogStore } from "../observe/logs/index.ts";
import type { MetricsRegistry } from "../observe/metrics/index.ts";
import type { Capabilities } from "../security/capability/index.ts";
import type { Recorders } from "../security/learning/index.ts";
import type { Sandboxes } from "../security/sandbox/index.ts";
import type { Secrets } from "../security/secrets/index.ts";
import type { Checkpoints, ServiceStates } from "../state/index.ts";
import type { LimitMonitor, Supervisor } from "../supervise/index.ts";
import type { Clock } from "../system/index.ts";
import type { KernelAudit } from "./audit.ts";
import type { LastEnd } from "./boot/last-end.ts";
import type { Traffic } from "./calls/index.ts";
import type { ClockWatch } from "./checks/index.ts";
import type { CrashReports } from "./crashes.ts";
import type { KernelDatabase } from "./database/index.ts";
import type { Discovery } from "./discovery.ts";
import type { InstanceTokens } from "./instance-tokens.ts";
import type { Kernel } from "./kernel.ts";
import type { ServiceUses } from "./learning/index.ts";
import type { Routes } from "./routes.ts";
import type { StepsOfServices } from "./service-steps.ts";
import type { TenantQuotas } from "./tenant-quotas.ts";
import type { Tracing } from "./tracing/tracing.ts";

/** What a kernel is made of, as `boot` puts it together. */
export interface KernelParts {
  readonly clock: Clock;
  readonly clockWatch: ClockWatch;
  readonly quotas: TenantQuotas;
  readonly paths: Paths;
  /** What the configuration says of tenants, by name. */
  readonly tenants: ReadonlyMap<string, TenantSettings>;
  readonly version: VersionDocument;
  readonly database: KernelDatabase;
  readonly events: EventLog;
  readonly audit: KernelAudit;
  readonly crashes: CrashReports;
  /** How the kernel before this one ended; null when there was none. */
  readonly lastEnd: LastEnd | null;
  readonly logs: LogStore;
  /** What is counted as it happens. */
  readonly metrics: MetricsRegistry;
  readonly tracing: Tracing;
  readonly routes: Routes;
  readonly supervisor: Supervisor;
  readonly sandboxes: Sandboxes;
  readonly recorders: Recorders;
  readonly serviceUses: ServiceUses;
  readonly secrets: Secrets;
  readonly states: ServiceStates;
  readonly checkpoints: Checkpoints;
  readonly steps: StepsOfServices;
  readonly traffic: Traffic;
  readonly limits: LimitMonitor;
  readonly capabilities: Capabilities;
  readonly tokens: InstanceTokens;
  readonly discovery: Discovery;
  /** The folder of the instances' output FIFOs. */
  readonly fifos: string;
  /** Whether a guardian stands above this kernel; null for one that runs without. */
  readonly guarded: () => boolean | null;
  /** What keeps log lines from the disk; null when nothing does. */
  readonly logProblem: () => string | null;
  /** How the ways in are that others than the owner use. */
  readonly doors: () => readonly Check[];
  /** Stops everything; called once. */
  readonly shutdown: (kernel: Kernel, request: OperationRequest<"shutdown">) => ReturnType<SoloApi["shutdown"]>;
}
