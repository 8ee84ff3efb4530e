import { z } from "zod";
import { nameForm, namePattern } from "../../api/name-pattern.ts";
import {
  dependencyConditions,
  evolutionPolicies,
  limitActions,
  limitsSchema,
  sandboxModes,
  sandboxSchema,
  serviceSpecSchema,
} from "../../api/spec.ts";
import { duration, integer, oneOf, type Reader, Refusal, refusalMessage, size, text } from "../value-types.ts";
import { amount, backoffRange, httpTarget, tcpTarget } from "./readers.ts";

/** What a project file may say about services and groups, as written there; `translate.ts` turns it into specifications. */

/** Longest duration that a timer of the runtime can hold: 2³¹ − 1 ms, not quite 25 days. */
const longest = 2_147_483_647;

const probeKinds = {
  http: read(httpTarget).optional(),
  tcp: read(tcpTarget).optional(),
  exec: z.array(z.string()).min(1).optional(),
  heartbeat: z.literal(true).optional(),
};

const probeTiming = {
  interval: read(duration(10, longest)).optional(),
  timeout: read(duration(10, longest)).optional(),
  success: read(integer("a number of successes", 1, 100)).optional(),
  failure: read(integer("a number of failures", 1, 1_000)).optional(),
};

const probeFileSchema = z.strictObject({ ...probeKinds, ...probeTiming });
export type ProbeFile = z.infer<typeof probeFileSchema>;

/** One of the three probes on its own: what it leaves out is taken from the table around it. `false` leaves it out. */
const ownProbe = z.union([z.literal(false), probeFileSchema]).optional();

const healthFileSchema = z.strictObject({
  ...probeKinds,
  ...probeTiming,
  grace: read(duration(10, longest)).optional(),
  startup: ownProbe,
  readiness: ownProbe,
  liveness: ownProbe,
});
export type HealthFile = z.infer<typeof healthFileSchema>;

const restartFileSchema = z.strictObject({
  policy: read(oneOf(["permanent", "transient", "temporary"])).optional(),
  max: read(integer("a number of restarts", 0, 1_000_000)).optional(),
  within: read(duration(1, longest)).optional(),
  backoff: read(backoffRange(longest)).optional(),
});
export type RestartFile = z.infer<typeof restartFileSchema>;

const stateFileSchema = z.strictObject({
  mode: read(oneOf(["stateless", "hybrid", "external"])).optional(),
  durability: read(oneOf(["sync", "async", "checkpoint"])).optional(),
  flush: read(duration(10, longest)).optional(),
  watch: z.array(z.string().min(1)).max(100).optional(),
  max_bytes: read(size(0, 1e12)).optional(),
  max_keys: read(integer("a number of keys", 0, 1e9)).optional(),
  version: read(integer("a version", 1, 1e9)).optional(),
  wait: read(duration(100, longest)).optional(),
  folders: z.array(z.string().min(1)).min(1).max(64).optional(),
  checkpoint: read(duration(0, longest)).optional(),
  keep: read(duration(0, longest)).optional(),
});
export type StateFile = z.infer<typeof stateFileSchema>;

const limitsFileSchema = z.strictObject({
  memory: read(size(1_048_576, 1e15)).optional(),
  cpu: limitsSchema.shape.cpu_cores,
  processes: read(integer("a number of processes", 1, 1_000_000)).optional(),
  files: read(integer("a number of files", 16, 10_000_000)).optional(),
  queue: read(integer("a number of messages", 1, 1_000_000)).optional(),
  calls: read(integer("a number of calls", 1, 100_000)).optional(),
  disk: read(size(1_048_576, 1e15)).optional(),
  action: read(oneOf(limitActions)).optional(),
});
export type LimitsFile = z.infer<typeof limitsFileSchema>;

const serviceName = text(`a service (${nameForm})`, namePattern);

/** What it may be called is looked at by `secrets.ts`. */
const secretFile = z.union([z.string(), z.strictObject({ name: z.string(), env: z.string().optional() })]);

const portsFile = z.union([z.literal("any"), z.array(read(integer("a port", 1, 65_535)))]);

const sandboxFileSchema = z.strictObject({
  mode: read(oneOf(sandboxModes)).optional(),
  read: z.array(z.string().min(1)).optional(),
  write: z.array(z.string().min(1)).optional(),
  connect: portsFile.optional(),
  listen: portsFile.optional(),
  inherit_env: sandboxSchema.shape.inherit_env.unwrap().optional(),
  max_files: read(integer("a number of files", 16, 1_048_576)).optional(),
  max_processes: read(integer("a number of processes", 16, 1_000_000)).optional(),
  udp: z.boolean().optional(),
  namespaces: z.boolean().optional(),
  max_file_bytes: read(size(4_096, 1e15)).optional(),
});
export type SandboxFile = z.infer<typeof sandboxFileSchema>;

const budgetFileSchema = z.strictObject({
  calls: read(integer("a number of calls", 0, Number.MAX_SAFE_INTEGER)).optional(),
  tokens: read(integer("a number of tokens", 0, Number.MAX_SAFE_INTEGER)).optional(),
  currency: read(amount("an amount of money", 1e9)).optional(),
  wall: read(duration(0, Number.MAX_SAFE_INTEGER)).optional(),
  per: read(duration(1_000, Number.MAX_SAFE_INTEGER)).optional(),
});
export type BudgetFile = z.infer<typeof budgetFileSchema>;

export const serviceFileSchema = z.strictObject({
  source: z.string().min(1).optional(),
  wasm: z.string().min(1).optional(),
  command: z.array(z.string()).min(1).optional(),
  port: z.array(z.string()).min(1).optional(),
  args: z.array(z.string()).optional(),
  env: serviceSpecSchema.shape.env.unwrap().optional(),
  cwd: z.string().min(1).optional(),
  preopens: z.record(z.string(), z.string()).optional(),
  replicas: read(integer("a number of instances", 0, 1_000)).optional(),
  restart: restartFileSchema.optional(),
  health: healthFileSchema.optional(),
  depends_on: z.record(z.string(), read(oneOf(dependencyConditions))).optional(),
  stop_grace: read(duration(0, longest)).optional(),
  fixed_port: read(integer("a port", 1, 65_535)).optional(),
  route: z.strictObject({ host: z.union([z.string(), z.array(z.string()).min(1)]) }).optional(),
  limits: limitsFileSchema.optional(),
  sandbox: sandboxFileSchema.optional(),
  allow: z.strictObject({ call: z.array(read(serviceName)).max(1_000) }).optional(),
  provides: serviceSpecSchema.shape.provides,
  secrets: z.array(secretFile).max(100).optional(),
  budget: budgetFileSchema.optional(),
  evolution: read(oneOf(evolutionPolicies)).optional(),
  logs: z.strictObject({ bytes: read(size(1_000_000, 1e12)) }).optional(),
  state: stateFileSchema.optional(),
});
export type ServiceFile = z.infer<typeof serviceFileSchema>;

export const groupFileSchema = z.strictObject({
  strategy: read(oneOf(["one_for_one", "rest_for_one", "one_for_all"])),
  services: z.array(z.string()).min(1),
});
export type GroupFile = z.infer<typeof groupFileSchema>;

/** A schema that reads a value in one of our own ways. */
function read<T>({ fromFile }: Reader<T>) {
  return z.unknown().transform((value, context): T => {
    const result = fromFile(value);
    if (!(result instanceof Refusal)) return result;
    context.issues.push({
      code: "custom",
      input: value,
      message: refusalMessage(result, value),
      params: { hint: result.hint },
    });
    return z.NEVER;
  });
}
