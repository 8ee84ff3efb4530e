import type { ApiAccess, Check, SoloApi, VersionDocument } from "../api/index.ts";
import type { Paths, TenantSettings } from "../config/index.ts";
import type { AuditOptions } from "./audit.ts";
import type { TrafficLimits } from "./calls/index.ts";
import type { GuardianLink } from "./guardian/index.ts";
import type { SecretSettings } from "./secrets.ts";

/** What a kernel is started with. */
export interface KernelOptions {
  readonly paths: Paths;
  readonly version: VersionDocument;
  readonly bind: string;
  /** 0 lets the system choose one. */
  readonly ingressPort: number;
  /** Budget of all services' kept log lines together, in bytes. */
  readonly logBytes: number;
  /** Where second copies of checkpoints go; null for none. */
  readonly backupFolder: string | null;
  /** Checkpoints of a service that are kept, and the bytes of their files. */
  readonly checkpointsKept: number;
  readonly checkpointBytes: number;
  readonly secrets: SecretSettings;
  readonly traffic: TrafficLimits;
  readonly audit: AuditOptions;
  /** Quotas of tenants and what they may name, by tenant. */
  readonly tenants: ReadonlyMap<string, TenantSettings>;
  /** Services of all tenants that may be wanted at a time. */
  readonly maxServices: number;
  /** Where traces and metrics are sent by OTLP over HTTP; null for nowhere. */
  readonly otlpEndpoint: string | null;
  /** Number of events kept. */
  readonly eventsKept: number;
  /** The guardian above this kernel; null when it runs without one. */
  readonly guardian: (GuardianLink & { readonly present: () => boolean }) | null;
  /**
   * `takeover` only takes over what runs, so that it can be stopped: nothing is started, and nobody listens on the ingress's
   * port. Default `desired`: everything that is desired runs.
   */
  readonly purpose?: "desired" | "takeover";
  /** How the ways in are that others than the owner use; the kernel's health tells of them. */
  readonly doors: () => readonly Check[];
  /** A line for the kernel's own log. */
  readonly say: (level: "info" | "warn" | "error", message: string) => void;
}

export interface RunningKernel {
  /** The operations as the kernel's owner has them. */
  readonly api: SoloApi;
  /** And as everyone else has them. */
  readonly access: ApiAccess;
  /** Measures a call of the gRPC API. */
  readonly onGrpcCall: (method: string, status: string, tookMs: number) => void;
  /** Resolves when `shutdown` has stopped the services; the parts are then closed with `close`. */
  readonly stopped: Promise<void>;
  close(): Promise<void>;
}
