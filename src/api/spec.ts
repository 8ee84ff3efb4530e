import { z } from "zod";
import { nameSchema } from "./name.ts";
import { providesSchema } from "./provides.ts";
import { secretRefSchema } from "./secret-ref.ts";

/**
 * What a service is, in the normal form that `deploy` sends and a revision stores: durations in milliseconds, paths
 * absolute, defaults filled in. `solo.toml` and the command line are translated to it by `config/`.
 */

const milliseconds = z.int().nonnegative().max(2_147_483_647);

export const serviceKinds = ["source", "wasm", "command", "port"] as const;
export type ServiceKind = (typeof serviceKinds)[number];

/** Whether a service is a program that the kernel executes itself: a plain one, or an agent that speaks the port protocol. */
export function isProgram(kind: ServiceKind): boolean {
  return kind === "command" || kind === "port";
}

const probeTiming = {
  /** Pause between the end of one attempt and the start of the next. */
  interval_ms: milliseconds.min(10).default(1_000),
  timeout_ms: milliseconds.min(10).default(5_000),
  /** Consecutive successes that make an unready instance ready. */
  success_threshold: z.int().min(1).max(100).default(1),
  /** Consecutive failures that make a ready instance unready (readiness) or restart it (liveness); starting has its grace. */
  failure_threshold: z.int().min(1).max(1_000).default(3),
};

/**
 * How an instance is asked whether it is well. `http`: a path on the instance's port, or a whole URL; any status from 200
 * to 399 is well. `tcp`: a port accepts a connection; `0` stands for the instance's own port. `exec`: a command exits 0.
 * `heartbeat`: the SDK's host reported within `timeout_ms`, and the service's own `health` did not say unhealthy.
 */
export const probeSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("http"), target: z.string().min(1), ...probeTiming }),
  z.strictObject({
    type: z.literal("tcp"),
    host: z.string().default("127.0.0.1"),
    port: z.int().min(0).max(65_535),
    ...probeTiming,
  }),
  z.strictObject({ type: z.literal("exec"), command: z.array(z.string()).min(1), ...probeTiming }),
  z.strictObject({ type: z.literal("heartbeat"), ...probeTiming }),
]);
export type Probe = z.infer<typeof probeSchema>;

export const healthSchema = z.strictObject({
  /** Decides when a starting instance has started; until then the other probes wait. */
  startup: probeSchema.optional(),
  /** Decides whether the ingress routes to an instance. */
  readiness: probeSchema.optional(),
  /** Restarts an instance that no longer answers. */
  liveness: probeSchema.optional(),
  /** How long a new instance may take to get ready before it counts as failed. */
  grace_ms: milliseconds.min(10).default(30_000),
});
export type HealthSpec = z.infer<typeof healthSchema>;

/** Erlang/OTP's restart types and intensity (`supervisor(3erl)`), with an exponential backoff between attempts. */
export const restartSchema = z.strictObject({
  /** `permanent`: always restarted; `transient`: only after a failure; `temporary`: never. */
  policy: z.enum(["permanent", "transient", "temporary"]).default("permanent"),
  /** More than this many restarts within `within_ms` is a crash loop. */
  max: z.int().min(0).max(1_000_000).default(5),
  within_ms: milliseconds.min(1).default(60_000),
  /** Pause before the second restart in a row; it doubles with each further one. The first restart is immediate. */
  backoff_min_ms: milliseconds.default(100),
  backoff_max_ms: milliseconds.default(30_000),
});
export type RestartSpec = z.infer<typeof restartSchema>;

/**
 * What a service's effects may use, in all or within a window; absent is unlimited. Reserved before an effect is dispatched,
 * settled by what it used.
 */
export const budgetSchema = z.strictObject({
  calls: z.int().nonnegative().optional(),
  tokens: z.int().nonnegative().optional(),
  /** In whatever unit the service counts money, to a millionth. */
  currency: z.number().nonnegative().max(1e9).optional(),
  /** Time that effects took, in milliseconds. */
  wall_ms: z.int().nonnegative().optional(),
  /** Length of the window, which begins at multiples of it since 1970 (UTC); absent: the budget is for good. */
  window_ms: z.int().min(1_000).optional(),
});
export type Budget = z.infer<typeof budgetSchema>;

export const evolutionPolicies = ["deny", "allow"] as const;

export const dependencyConditions = ["started", "healthy", "completed"] as const;
export type DependencyCondition = (typeof dependencyConditions)[number];

/** A service's durable state. What is left out has these defaults. */
export const stateSchema = z.strictObject({
  /**
   * `stateless`: it has none; `hybrid`: in the kernel's memory and on disk, through the SDK; `external`: it keeps its own
   * files in `folders`, which checkpoints capture.
   */
  mode: z.enum(["stateless", "hybrid", "external"]).default("hybrid"),
  /** Of writes that don't say: `sync` after fdatasync, `async` within 50 ms, `checkpoint` with the next flush. */
  durability: z.enum(["sync", "async", "checkpoint"]).default("sync"),
  /** From a change until the table on disk has it; until then it is in the log only. */
  flush_ms: milliseconds.min(10).default(5_000),
  /** Keys that are flushed at once; `*` stands for any text. */
  watch: z.array(z.string().min(1)).max(100).default([]),
  /** Of keys and values. They are held in the kernel's memory. */
  max_bytes: z.int().min(0).default(268_435_456),
  max_keys: z.int().min(0).default(1_000_000),
  /** Of the form of what the service keeps: when it rises, its `migrate` runs before `start`. */
  version: z.int().min(1).max(1_000_000_000).default(1),
  /** How long a call of the SDK waits for a kernel that is away or doesn't answer. */
  wait_ms: milliseconds.min(100).default(30_000),
  /** `external`: absolute paths. */
  folders: z.array(z.string().min(1)).max(64).default([]),
  /** Between checkpoints; 0 makes none by time. */
  checkpoint_ms: milliseconds.default(300_000),
  /** How long checkpoints are kept. */
  keep_ms: milliseconds.default(86_400_000),
});
export type StateSpec = z.infer<typeof stateSchema>;

/** What all processes of one instance together may use; absent is unlimited. Looked at once a second. */
export const limitActions = ["kill", "throttle", "warn"] as const;
export const limitsSchema = z.strictObject({
  /** Resident memory. */
  memory_bytes: z.int().min(1_048_576).optional(),
  /** Of one core, as an average over 10 s: 0.5 is half of one. */
  cpu_cores: z.number().min(0.01).max(1_024).optional(),
  processes: z.int().min(1).max(1_000_000).optional(),
  /** Open descriptors. */
  files: z.int().min(16).max(10_000_000).optional(),
  /** Messages that wait in its mailbox, of all its instances together. Absent: 10,000. */
  queue: z.int().min(1).max(1_000_000).optional(),
  /** Calls and requests in work in one instance at a time; further ones wait. Absent: 1,000 calls, any number of requests. */
  calls: z.int().min(1).max(100_000).optional(),
  /** On the disk, of its service: its state, its own folder, its kept log lines, its instances' temporary folders. */
  disk_bytes: z.int().min(1_048_576).optional(),
  /**
   * When a limit is passed: `kill` ends the instance, which its restart policy then handles; `throttle` lets it run for a share
   * of the time only, and gives it nothing new to do; `warn` tells only.
   */
  action: z.enum(limitActions).default("kill"),
});
export type LimitsSpec = z.infer<typeof limitsSchema>;

/** What a service may do with others of its tenant. */
export const allowSchema = z.strictObject({
  /** Services whose methods it may call. */
  call: z.array(nameSchema).max(1_000).default([]),
});

const ports = z.union([z.literal("any"), z.array(z.int().min(1).max(65_535)).max(1_000)]);
const absolutePaths = z.array(z.string().startsWith("/")).max(1_000);

/** From the strictest on. */
export const sandboxModes = ["enforce", "best-effort", "audit", "off"] as const;
export type SandboxMode = (typeof sandboxModes)[number];

/** Whether files and ports are open to a service as to the user whose kernel this is: only who may do without a sandbox may deploy it. */
export function refusesNothing(mode: unknown): boolean {
  return mode === "audit" || mode === "off";
}

/**
 * What a service may reach beyond what it needs to run at all (its program and what its arguments name, the system's
 * libraries, its port, folders of its own). Everything else is refused to it and to all that it starts.
 */
export const sandboxSchema = z.strictObject({
  /**
   * `enforce`: what this machine can't enforce is an error; `best-effort`: as much as it can; `audit`: no file and no port is
   * refused, and what is used is recorded; `off`: it may do whatever the user may whose kernel this is.
   */
  mode: z.enum(sandboxModes).default("enforce"),
  /** Files and folders, absolute, that may be read and executed. */
  read: absolutePaths.default([]),
  /** Files and folders, absolute, that may be read and changed. */
  write: absolutePaths.default([]),
  /** TCP ports, on any address, that it may connect to, beside its own. */
  connect: ports.default([]),
  /**
   * Whether it may use UDP, for which the system has no rules by port. Without it names can't be looked up, and TCP to port 53 goes
   * nowhere either unless `connect` names it. Absent: yes.
   */
  udp: z.boolean().optional(),
  /** TCP ports that it may listen on, beside its own. */
  listen: ports.default([]),
  /**
   * What the deploy found it to need, without links: its working folder, and what its arguments name. To be read and executed.
   * Every deploy sets it anew.
   */
  found: absolutePaths.default([]),
  /** Variables that it gets from the kernel's own environment. */
  inherit_env: z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/)).default([]),
  /** Descriptors that one process may have open. */
  max_files: z.int().min(16).max(1_048_576).default(4_096),
  /**
   * Processes and threads that all of an instance may have, bounded at the moment of the fork where the machine has control
   * groups for it. Absent: 2,048; with `limits.processes` 16 times those, 1,024 at least.
   */
  max_processes: z.int().min(16).max(1_000_000).optional(),
  /**
   * Whether it gets namespaces of its own (namespaces(7)): it sees no processes but its own, shares no System V or POSIX queues and memory
   * with others, and nothing of it can outlive its first process. Its processes' numbers are others than those that Solo
   * shows. Absent: no.
   */
  namespaces: z.boolean().optional(),
  /** Bytes up to which one file may be written. */
  max_file_bytes: z.int().min(4_096).default(1_000_000_000),
});
export type SandboxSpec = z.infer<typeof sandboxSchema>;

export const serviceSpecSchema = z.strictObject({
  kind: z.enum(serviceKinds),
  /** `source`: the entry module or folder; `wasm`: the module. An absolute path on the kernel's machine. */
  path: z.string().optional(),
  /** `command` and `port`: the executable (absolute, or found in the kernel's PATH) and its arguments. `$PORT` is replaced in each. */
  command: z.array(z.string()).min(1).optional(),
  /** `source` and `wasm`: arguments of the program. */
  args: z.array(z.string()).default([]),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).default({}),
  /** Working directory, absolute. Defaults to the folder of `path`; for a command, where it was deployed from. */
  cwd: z.string().optional(),
  /** `wasm`: guest path → host folder, opened for the module. */
  preopens: z.record(z.string(), z.string()).default({}),
  /** When absent, as many as run now: deploying new code does not undo `solo scale`. One for a new service. */
  replicas: z.int().min(0).max(1_000).optional(),
  restart: restartSchema.prefault({}),
  health: healthSchema.prefault({}),
  depends_on: z.record(nameSchema, z.enum(dependencyConditions)).default({}),
  /** From SIGTERM to SIGKILL. */
  stop_grace_ms: milliseconds.default(30_000),
  /** A port that the program listens on whatever it is told; at most one replica then. `$PORT` carries it as well. */
  fixed_port: z.int().min(1).max(65_535).optional(),
  /** Host names, beside `NAME.localhost`, that the ingress routes to the service. */
  hosts: z.array(z.string()).default([]),
  /** Byte budget of the service's kept log lines. */
  log_bytes: z.int().min(1_000_000).default(64_000_000),
  /** Absent: all defaults. */
  state: stateSchema.optional(),
  budget: budgetSchema.optional(),
  /** `port`: whether the agent may have code of its own making put in place of its own, on trial. Absent: `deny`. */
  evolution: z.enum(evolutionPolicies).optional(),
  limits: limitsSchema.optional(),
  allow: allowSchema.optional(),
  secrets: z.array(secretRefSchema).max(100).optional(),
  /** What others find it by: registered as long as it runs. */
  provides: z
    .array(providesSchema)
    .max(100)
    .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, "expects each name once")
    .optional(),
  sandbox: sandboxSchema.prefault({}),
});
export type ServiceSpec = z.infer<typeof serviceSpecSchema>;
/** A specification as written, before defaults are filled in. */
export type ServiceSpecInput = z.input<typeof serviceSpecSchema>;

/** Services that are restarted together, in their listed order (OTP's supervisor strategies). */
export const groupSchema = z.strictObject({
  name: nameSchema,
  strategy: z.enum(["one_for_one", "rest_for_one", "one_for_all"]),
  services: z.array(nameSchema).min(1),
});
export type Group = z.infer<typeof groupSchema>;
