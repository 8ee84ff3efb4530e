import {
  type CapabilityChange,
  refusesNothing,
  type SandboxSpec,
  type ServiceSpec,
  sandboxModes,
} from "../api/index.ts";

/**
 * What a service may after a deploy that it might not before, and the other way round: files, ports, variables, secrets,
 * services to call, limits. For a service that is new all of it is added.
 */
export function capabilityChanges(before: ServiceSpec | undefined, after: ServiceSpec): CapabilityChange[] {
  // Without a sandbox that refuses something, nothing else that is said of it counts, so there is nothing to compare either.
  const isFree = refusesNothing(before?.sandbox.mode) || refusesNothing(after.sandbox.mode);
  const [old, now] = [before === undefined ? [] : factsOf(before, isFree), factsOf(after, isFree)];
  const kept = (facts: readonly Fact[], { setting, value }: Fact) =>
    facts.some((other) => other.setting === setting && other.value === value);
  return [
    ...old.filter((fact) => !kept(now, fact)).map((fact) => changeOf("removed", fact, now)),
    ...now.filter((fact) => !kept(old, fact)).map((fact) => changeOf("added", fact, old)),
  ];
}

/** Something that a service may, or the bound of something. */
interface Fact {
  readonly setting: string;
  readonly value: string;
  /** Of a bound: the larger, the more it may. Facts without one are rights, of which there may be several of a setting. */
  readonly bound?: number;
}

/** A right widens when it comes; a bound when it comes in place of a lower one. No limit at all is the highest. */
function changeOf(change: CapabilityChange["change"], fact: Fact, others: readonly Fact[]): CapabilityChange {
  const { setting, value, bound } = fact;
  if (bound === undefined) return { change, setting, value, widens: change === "added" };
  const none = setting === "sandbox.mode" ? -1 : Number.POSITIVE_INFINITY;
  const other = others.find((candidate) => candidate.setting === setting)?.bound ?? none;
  return { change, setting, value, widens: change === "added" ? bound > other : other > bound };
}

function factsOf({ sandbox, limits, health, ...spec }: ServiceSpec, isFree: boolean): Fact[] {
  const probes = [health.startup, health.readiness, health.liveness];
  const bounds = Object.entries(limits ?? {}).filter(([, bound]) => typeof bound === "number");
  return [
    modeOf(sandbox),
    ...(isFree ? [] : confinement(sandbox)),
    ...rights("sandbox.write", [...Object.values(spec.preopens), ...(spec.state?.folders ?? [])]),
    ...rights("allow.call", spec.allow?.call ?? []),
    ...rights(
      "secrets",
      (spec.secrets ?? []).map(({ name, env }) => (env === undefined ? name : `${name} as ${env}`)),
    ),
    ...rights("evolution", spec.evolution === "allow" ? ["allow"] : []),
    ...rights("fixed_port", spec.fixed_port === undefined ? [] : [spec.fixed_port]),
    ...rights("route.host", spec.hosts),
    // The kernel runs them, outside the sandbox.
    ...rights(
      "health.exec",
      probes.flatMap((probe) => (probe?.type === "exec" ? [probe.command.join(" ")] : [])),
    ),
    ...bounds.map(([name, bound]) => limit(`limits.${name}`, Number(bound))),
  ];
}

/** From the strictest on. */
function modeOf({ mode }: SandboxSpec): Fact {
  return { setting: "sandbox.mode", value: mode, bound: sandboxModes.indexOf(mode) };
}

function confinement({ read, write, found, connect, listen, inherit_env, ...bounds }: SandboxSpec): Fact[] {
  return [
    ...rights("sandbox.read", [...found, ...read]),
    ...rights("sandbox.write", write),
    ...rights("sandbox.connect", [connect].flat()),
    ...rights("sandbox.listen", [listen].flat()),
    ...rights("sandbox.inherit_env", inherit_env),
    limit("sandbox.max_files", bounds.max_files),
    ...(bounds.max_processes === undefined ? [] : [limit("sandbox.max_processes", bounds.max_processes)]),
    ...(bounds.udp === false ? [{ setting: "sandbox.udp", value: "false", bound: 0 }] : []),
    ...(bounds.namespaces === true ? [{ setting: "sandbox.namespaces", value: "true", bound: 0 }] : []),
    limit("sandbox.max_file_bytes", bounds.max_file_bytes),
  ];
}

function rights(setting: string, values: readonly (string | number)[]): Fact[] {
  return [...new Set(values)].map((value) => ({ setting, value: String(value) }));
}

function limit(setting: string, bound: number): Fact {
  return { setting, value: String(bound), bound };
}
