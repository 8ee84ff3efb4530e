import { isAbsolute, resolve } from "node:path";
import { ownVariables } from "../../api/host-variables.ts";
import { type SandboxMode, type ServiceSpec, serviceSpecSchema } from "../../api/spec.ts";
import { expandPath } from "../paths.ts";
import type { KeyPath } from "../scan/key-map.ts";
import { toHealth } from "./health.ts";
import type { Report } from "./report.ts";
import type { BudgetFile, LimitsFile, RestartFile, SandboxFile, ServiceFile } from "./schema.ts";
import { toSecrets } from "./secrets.ts";
import { checkState, toState } from "./state.ts";

/** What a service gets for what its file leaves open. */
export interface ServiceDefaults {
  readonly stop_grace_ms: number;
  readonly log_bytes: number;
  /** By default `enforce`. */
  readonly sandbox_mode?: SandboxMode;
}

export interface TranslateContext {
  /** Folder of the file, where relative paths start. */
  readonly folder: string;
  readonly home: string;
  readonly defaults: ServiceDefaults;
  /** Whether the services run on another machine, where this one's folders mean nothing. */
  readonly elsewhere: boolean;
  readonly report: Report;
}

/** The normal form of one `[service.NAME]`; `undefined` when it doesn't say what to run. */
export function toSpec(file: ServiceFile, path: KeyPath, context: TranslateContext): ServiceSpec | undefined {
  const { sandbox_mode: mode = "enforce", ...defaults } = context.defaults;
  const program = toProgram(file, path, context);
  checkCombinations(file, path, context.report);
  const health = file.health && toHealth(file.health, [...path, "health"], context.report);
  const secrets = file.secrets && toSecrets(file, [...path, "secrets"], context.report);
  if (program === undefined) return undefined;
  return serviceSpecSchema.parse({
    ...program,
    ...defaults,
    ...(file.args && { args: file.args }),
    ...(file.env && { env: file.env }),
    ...(file.cwd !== undefined && { cwd: folderOf(file.cwd, [...path, "cwd"], context) }),
    ...(file.preopens && {
      preopens: mapValues(file.preopens, (folder) => folderOf(folder, [...path, "preopens"], context)),
    }),
    ...(file.replicas !== undefined && { replicas: file.replicas }),
    ...(file.restart && { restart: toRestart(file.restart) }),
    ...(health && { health }),
    ...(file.depends_on && { depends_on: file.depends_on }),
    ...(file.stop_grace !== undefined && { stop_grace_ms: file.stop_grace }),
    ...(file.fixed_port !== undefined && { fixed_port: file.fixed_port }),
    ...(file.route && { hosts: [file.route.host].flat().map((host) => host.toLowerCase()) }),
    ...(file.limits && { limits: toLimits(file.limits) }),
    sandbox: file.sandbox ? toSandbox(file.sandbox, [...path, "sandbox"], context) : { mode },
    ...(file.allow && { allow: file.allow }),
    ...(file.provides && { provides: file.provides }),
    ...(secrets && { secrets }),
    ...(file.budget && { budget: toBudget(file.budget) }),
    ...(file.evolution !== undefined && { evolution: file.evolution }),
    ...(file.logs && { log_bytes: file.logs.bytes }),
    ...(file.state && {
      state: toState(file.state, (folder) => folderOf(folder, [...path, "state", "folders"], context)),
    }),
  });
}

type Program = Pick<ServiceSpec, "kind"> & Partial<Pick<ServiceSpec, "path" | "command" | "cwd">>;

function toProgram(
  { source, wasm, command, port }: ServiceFile,
  path: KeyPath,
  context: TranslateContext,
): Program | undefined {
  const programs: Program[] = [];
  if (source !== undefined) programs.push({ kind: "source", path: absolute(source, context) });
  if (wasm !== undefined) programs.push({ kind: "wasm", path: absolute(wasm, context) });
  const folder = context.elsewhere ? {} : { cwd: context.folder };
  if (command !== undefined) programs.push({ kind: "command", command: absoluteCommand(command, context), ...folder });
  if (port !== undefined) programs.push({ kind: "port", command: absoluteCommand(port, context), ...folder });
  if (programs.length === 1) return programs[0];
  const found =
    programs.length === 0
      ? "nothing to run"
      : `more than one thing to run: ${programs.map(({ kind }) => kind).join(", ")}`;
  context.report(path, found, "give exactly one of source, wasm, command, port");
  return undefined;
}

/** Keys that mean nothing beside others, or contradict them. */
function checkCombinations(file: ServiceFile, path: KeyPath, report: Report): void {
  for (const name of Object.keys(file.env ?? {})) {
    if (ownVariables.has(name)) report([...path, "env", name], `Solo sets ${name} itself`, hintFor(name));
  }
  const { command, port, wasm, args, preopens, health, fixed_port, replicas = 1 } = file;
  if (command && args) report([...path, "args"], "a command has its arguments in itself", "move them into command");
  if (port && args) report([...path, "args"], "an agent has its arguments in port", "move them into port");
  if (port && replicas > 1)
    report([...path, "replicas"], "an agent is one process", "remove replicas, or deploy it under several names");
  if (file.evolution && port === undefined) report([...path, "evolution"], "only an agent (port) changes itself");
  if (preopens && wasm === undefined) report([...path, "preopens"], "only a wasm module has preopened folders");
  if (command && health?.heartbeat) report([...path, "health", "heartbeat"], "a plain command has no heartbeat");
  for (const role of ["startup", "readiness", "liveness"] as const) {
    const own = health?.[role];
    if (command && typeof own === "object" && own.heartbeat)
      report([...path, "health", role, "heartbeat"], "a plain command has no heartbeat");
  }
  if (file.state) checkState(file, [...path, "state"], report);
  if (fixed_port !== undefined && replicas > 1) {
    report(
      [...path, "replicas"],
      `${replicas} instances can't listen on one port`,
      "remove fixed_port and let the program listen on $PORT",
    );
  }
}

function hintFor(variable: string): string {
  return variable === "PORT" ? "write fixed_port for a program that must have one port" : "choose another name";
}

function toRestart({ policy, max, within, backoff }: RestartFile) {
  return {
    ...(policy !== undefined && { policy }),
    ...(max !== undefined && { max }),
    ...(within !== undefined && { within_ms: within }),
    ...(backoff && { backoff_min_ms: backoff.min, backoff_max_ms: backoff.max }),
  };
}

function toBudget({ wall, per, ...counted }: BudgetFile) {
  return { ...counted, ...(wall !== undefined && { wall_ms: wall }), ...(per !== undefined && { window_ms: per }) };
}

/** An executable with a slash is a path from the file's folder; one without is found in PATH, as in a shell. */
function absoluteCommand([executable = "", ...rest]: readonly string[], context: TranslateContext): string[] {
  return [executable.includes("/") ? absolute(executable, context) : executable, ...rest];
}

function toLimits({ memory, cpu, disk, ...rest }: LimitsFile) {
  return {
    ...rest,
    ...(disk !== undefined && { disk_bytes: disk }),
    ...(memory !== undefined && { memory_bytes: memory }),
    ...(cpu !== undefined && { cpu_cores: cpu }),
  };
}

/** A table of its own asks for a sandbox, whatever is the default. */
function toSandbox({ mode, read, write, ...rest }: SandboxFile, path: KeyPath, context: TranslateContext) {
  const byDefault = context.defaults.sandbox_mode ?? "enforce";
  return {
    ...rest,
    mode: mode ?? (byDefault === "off" ? "enforce" : byDefault),
    ...(read && { read: read.map((folder) => folderOf(folder, [...path, "read"], context)) }),
    ...(write && { write: write.map((folder) => folderOf(folder, [...path, "write"], context)) }),
  };
}

/** A folder that a service has at run time. */
function folderOf(folder: string, path: KeyPath, context: TranslateContext): string {
  if (context.elsewhere && !isAbsolute(folder)) {
    context.report(path, `${folder} is on this machine, and the service on another one`, "give an absolute path there");
  }
  return absolute(folder, context);
}

function absolute(path: string, { folder, home }: TranslateContext): string {
  return resolve(expandPath(path, folder, home));
}

function mapValues(
  record: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
