import { z } from "zod";
import { capabilityChangeSchema } from "./capability-changes.ts";
import { breakerSchema, mailboxSchema, usageSampleSchema } from "./pressure.ts";
import { limitActions, sandboxModes, serviceKinds } from "./spec.ts";
import { instanceStates } from "./states.ts";

/** The JSON documents that scripts rely on. Fields may be added, never removed or renamed: each has a golden test. */

const state = z.enum(instanceStates);
const time = z.iso.datetime();
const count = z.int().nonnegative();

export const instanceSchema = z.object({
  id: z.string(),
  pid: z.int().nullable(),
  state,
  port: z.int().nullable(),
});

/** How a port agent is, beside its process. */
export const agentDetailSchema = z.object({
  /** Of the port protocol that it speaks; null before its hello. */
  protocol: z.int().nullable(),
  /** Its program or SDK, in its own words. */
  name: z.string().nullable(),
  /** What it answers to, in its own words. */
  methods: z.array(z.string()),
  /** The latest that it reported. */
  metrics: z.record(z.string(), z.number().nullable()).nullable(),
  /** How it came back the last time; null when it never had to, as far as this kernel knows. */
  recovery: z
    .object({
      /** For how long it had been silent when it was declared dead; 0 when its process ended. */
      detection_ms: z.number(),
      /** From there until the new process was ready. */
      restart_ms: z.number(),
      /** Of that, from `restore` to the first heartbeat. */
      restore_ms: z.number(),
      restored_bytes: count,
      restored_entries: count,
    })
    .nullable(),
});

export const instanceDetailSchema = instanceSchema.extend({
  revision: z.string(),
  started: time.nullable(),
  uptime_ms: count,
  restarts: count,
  rss_bytes: count,
  cpu_percent: z.number(),
  /** Whether a kernel that did not start this process took it over. */
  adopted: z.boolean(),
  /** Why the instance is in its state, in words; null when there is nothing to say. */
  reason: z.string().nullable(),
  /** The share of the time in which it may run, for a limit that it passed; null when nothing slows it down. */
  throttle: z.number().nullable(),
  /** What it used, once a second in the last minute, oldest first. */
  history: z.array(usageSampleSchema),
  /** Only of port agents. */
  agent: agentDetailSchema.optional(),
});
export type InstanceDetail = z.infer<typeof instanceDetailSchema>;

export const deployResultSchema = z.object({
  service: z.string(),
  tenant: z.string(),
  revision: z.string(),
  kind: z.enum(serviceKinds),
  state,
  instances: z.array(instanceSchema),
  url: z.string().nullable(),
  /** False when the same content was running already. */
  changed: z.boolean(),
  took_ms: count,
  /** Only of a dry run: what the service would be allowed that it is not now, and the other way round. */
  capability_changes: z.array(capabilityChangeSchema).optional(),
});
export type DeployResult = z.infer<typeof deployResultSchema>;

export const deployPhases = ["build", "wait", "start", "ready", "replace", "stop", "unchanged"] as const;

/** What `deploy` tells on the way. The last element of the stream is the result. */
export const deployProgressSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("phase"),
    time,
    service: z.string(),
    phase: z.enum(deployPhases),
    message: z.string(),
    /** Instances ready so far and wanted in all. */
    ready: count,
    replicas: count,
  }),
  z.object({ type: z.literal("result"), time, services: z.array(deployResultSchema), took_ms: count }),
]);
export type DeployProgress = z.infer<typeof deployProgressSchema>;

export const serviceRowSchema = z.object({
  service: z.string(),
  tenant: z.string(),
  revision: z.string(),
  kind: z.enum(serviceKinds),
  state,
  replicas: count,
  ready: count,
  restarts: count,
  uptime_ms: count,
  rss_bytes: count,
  cpu_percent: z.number(),
  url: z.string().nullable(),
  /** How its current revision is confined. */
  sandbox: z.enum(sandboxModes),
});
export type ServiceRow = z.infer<typeof serviceRowSchema>;

export const serviceListSchema = z.object({ services: z.array(serviceRowSchema) });
export type ServiceList = z.infer<typeof serviceListSchema>;

export const eventSchema = z.object({
  type: z.literal("event"),
  /** Gap-free within a data directory, from 1. */
  id: count,
  time,
  tenant: z.string(),
  /** What happened, e.g. `instance_ready`. */
  event: z.string(),
  /** What it happened to: `tenant/service`, `tenant/service/instance`, or `kernel`. */
  subject: z.string(),
  /** The id of the event that caused this one. */
  cause: count.nullable(),
  data: z.record(z.string(), z.unknown()),
  cursor: z.string(),
});
export type EventDocument = z.infer<typeof eventSchema>;

/** What an effect may use, or used. */
export const costSchema = z.object({
  calls: z.number().nonnegative(),
  tokens: z.number().nonnegative(),
  currency: z.number().nonnegative(),
  wall_ms: z.number().nonnegative(),
});

export const effectStates = ["pending", "unknown", "done", "failed", "retry"] as const;

export const effectSchema = z.object({
  id: z.string(),
  /** Null for the service's own run, which never ends. */
  run: z.string().nullable(),
  /** `pending`: being dispatched; `unknown`: nobody knows whether it happened; `retry`: it did not, and may be tried again. */
  state: z.enum(effectStates),
  /** What it handed over as its idempotency key. */
  key: z.string(),
  /** How often it was dispatched. */
  attempt: count,
  /** The instance that dispatched it last. */
  instance: z.string(),
  begun: time,
  ended: time.nullable(),
  reserved: costSchema,
  spent: costSchema.nullable(),
  reason: z.string().nullable(),
});
export type EffectDocument = z.infer<typeof effectSchema>;

export const effectListSchema = z.object({
  service: z.string(),
  tenant: z.string(),
  effects: z.array(effectSchema),
});
export type EffectList = z.infer<typeof effectListSchema>;

export const signalResultSchema = z.object({
  service: z.string(),
  tenant: z.string(),
  signal: z.string(),
  run: z.string().nullable(),
  /** False when one with the same id had been delivered already. */
  delivered: z.boolean(),
});
export type SignalResult = z.infer<typeof signalResultSchema>;

export const budgetDocumentSchema = z.object({
  service: z.string(),
  tenant: z.string(),
  window_ms: count.nullable(),
  window_ends: time.nullable(),
  resources: z.array(
    z.object({
      resource: z.enum(["calls", "tokens", "currency", "wall_ms"]),
      /** Null where nothing limits it. */
      limit: z.number().nonnegative().nullable(),
      used: z.number().nonnegative(),
      /** Set aside for effects that are under way, or of unknown outcome. */
      reserved: z.number().nonnegative(),
      left: z.number().nonnegative().nullable(),
    }),
  ),
});
export type BudgetDocument = z.infer<typeof budgetDocumentSchema>;

/** Why a service was restarted, rolled back or stopped the last time, from what happened back to its root. */
export const whySchema = z.object({
  service: z.string(),
  tenant: z.string(),
  /** Null when nothing of the kind is among the kept events. */
  what: z.enum(["restart", "rollback", "stop", "failed_start"]).nullable(),
  time: time.nullable(),
  message: z.string(),
  /** Events, each caused by the one behind it. */
  chain: z.array(eventSchema.extend({ message: z.string() })),
});
export type WhyDocument = z.infer<typeof whySchema>;

export const lastExitSchema = z.object({
  instance: z.string(),
  time,
  /** Null when a signal ended it, or when the status could not be learnt. */
  exit_code: z.int().nullable(),
  signal: z.string().nullable(),
  /** False when the process ended while nobody could read its exit status. */
  known: z.boolean(),
  reason: z.string(),
});
export type LastExit = z.infer<typeof lastExitSchema>;

export const serviceStatusSchema = serviceRowSchema.extend({
  /** When it was first deployed. */
  created: time,
  /** When what is wanted of it last changed: its revision, its replicas, or whether it runs. */
  updated: time,
  instances: z.array(instanceDetailSchema),
  health: z.object({
    status: z.enum(["healthy", "degraded", "unhealthy", "unknown"]),
    probes: z.array(
      z.object({
        instance: z.string(),
        probe: z.enum(["startup", "readiness", "liveness"]),
        type: z.string(),
        ok: z.boolean().nullable(),
        consecutive: count,
        message: z.string(),
        checked: time.nullable(),
      }),
    ),
  }),
  limits: z.object({
    log_bytes: count,
    memory_bytes: count.optional(),
    cpu_cores: z.number().optional(),
    processes: count.optional(),
    files: count.optional(),
    queue: count.optional(),
    calls: count.optional(),
    disk_bytes: count.optional(),
    action: z.enum(limitActions).optional(),
  }),
  /** Null for a service without one, and while no kernel runs. */
  budget: budgetDocumentSchema.nullable(),
  /** Null while no kernel runs. */
  mailbox: mailboxSchema.nullable(),
  breakers: z.array(breakerSchema),
  recent_events: z.array(eventSchema),
  last_exit: lastExitSchema.nullable(),
});
export type ServiceStatus = z.infer<typeof serviceStatusSchema>;

export const stoppedInstanceSchema = z.object({
  id: z.string(),
  pid: z.int().nullable(),
  exit_code: z.int().nullable(),
  signal: z.string().nullable(),
});
export type StoppedInstance = z.infer<typeof stoppedInstanceSchema>;

export const killResultSchema = z.object({
  service: z.string(),
  tenant: z.string(),
  state: z.literal("stopped"),
  instances: z.array(stoppedInstanceSchema),
  took_ms: count,
});
export type KillResult = z.infer<typeof killResultSchema>;

export const callResultSchema = z.object({
  /** What the method returned; binary data as base64, integers beyond 2⁵³ as text. */
  output: z.unknown(),
  /** Which one answered. */
  instance: z.string(),
  revision: z.string(),
  took_ms: z.number(),
});
export type CallResult = z.infer<typeof callResultSchema>;

export const logLineSchema = z.object({
  type: z.literal("log"),
  time,
  service: z.string(),
  instance: z.string(),
  stream: z.enum(["stdout", "stderr"]),
  level: z.enum(["debug", "info", "warn", "error"]),
  message: z.string(),
  cursor: z.string(),
});
export type LogLine = z.infer<typeof logLineSchema>;

export const checkSchema = z.object({
  name: z.string(),
  status: z.enum(["healthy", "degraded", "unhealthy"]),
  message: z.string(),
});
export type Check = z.infer<typeof checkSchema>;

export const healthDocumentSchema = z.object({
  status: z.enum(["healthy", "degraded", "unhealthy"]),
  pid: z.int(),
  checks: z.array(checkSchema),
  version: z.string(),
  uptime_ms: count,
  memory_bytes: count,
  services: z.object({ total: count, ready: count }),
});
export type HealthDocument = z.infer<typeof healthDocumentSchema>;

export const shutdownResultSchema = z.object({
  state: z.literal("stopped"),
  pid: z.int(),
  /** Services left running for the next kernel to adopt. */
  kept: count,
  stopped: count,
  took_ms: count,
});
export type ShutdownResult = z.infer<typeof shutdownResultSchema>;

export const versionSchema = z.object({
  name: z.literal("solo"),
  version: z.string(),
  commit: z.string(),
  platform: z.string(),
  runtime: z.string(),
});
export type VersionDocument = z.infer<typeof versionSchema>;
