import type { DependencyCondition, ServiceSpec } from "../api/spec.ts";
import { suggest } from "./nearest.ts";

export interface NamedService {
  readonly name: string;
  readonly spec: ServiceSpec;
}

/** A dependency that can never be met. */
export interface DependencyFault {
  readonly service: string;
  readonly dependency: string;
  readonly reason: "unknown" | "cycle" | "no_probe" | "never_completes";
  readonly message: string;
  readonly hint: string;
}

/**
 * Finds dependencies that can never be met: on a service that isn't there, on one that can't get healthy or be completed,
 * and cycles (each told once, spelt out). `deployed` are services of the tenant that the request leaves as they are.
 */
export function checkDependencies(
  services: readonly NamedService[],
  deployed: readonly NamedService[] = [],
): DependencyFault[] {
  const specs = new Map([...deployed, ...services].map(({ name, spec }) => [name, spec]));
  const faults: DependencyFault[] = [];
  for (const { name, spec } of services) {
    for (const [dependency, condition] of Object.entries(spec.depends_on)) {
      const fault = checkCondition(name, dependency, condition, specs);
      if (fault !== undefined) faults.push(fault);
    }
  }
  for (const cycle of findCycles(services, specs)) faults.push(cycleFault(cycle));
  return faults;
}

/** Whether something tells when an instance is ready, beyond that its process runs. */
export function reportsReadiness({ kind, health, command = [], fixed_port }: ServiceSpec): boolean {
  // A host or an agent reports when its module has started; a program that is given a port is asked on it.
  if (kind !== "command" || fixed_port !== undefined) return true;
  if (health.startup !== undefined || health.readiness !== undefined) return true;
  return command.some((part) => /\$PORT|\$\{PORT\}/.test(part));
}

function checkCondition(
  service: string,
  dependency: string,
  condition: DependencyCondition,
  specs: ReadonlyMap<string, ServiceSpec>,
): DependencyFault | undefined {
  const spec = specs.get(dependency);
  if (spec === undefined) {
    const others = [...specs.keys()].filter((name) => name !== service);
    const hint = others.length === 0 ? "declare it, or remove the dependency" : suggest(dependency, others);
    return {
      service,
      dependency,
      reason: "unknown",
      message: `there is no service ${JSON.stringify(dependency)}`,
      hint,
    };
  }
  if (condition === "healthy" && !reportsReadiness(spec)) {
    const message = `nothing tells when ${dependency} is healthy: it has no startup or readiness probe and no $PORT`;
    return {
      service,
      dependency,
      reason: "no_probe",
      message,
      hint: `give ${dependency} a health probe, or depend on "started"`,
    };
  }
  if (condition === "completed" && spec.restart.policy === "permanent") {
    const message = `${dependency} never completes: its restart policy is permanent`;
    return { service, dependency, reason: "never_completes", message, hint: `make it "transient" or "temporary"` };
  }
  return undefined;
}

/** The cycles that a depth-first walk meets, each as the services on it in order of dependency. */
function findCycles(services: readonly NamedService[], specs: ReadonlyMap<string, ServiceSpec>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  for (const { name } of services) {
    const way: Step[] = [];
    enter(name);
    for (let step = way.at(-1); step !== undefined; step = way.at(-1)) {
      const next = step.left.pop();
      if (next === undefined) {
        done.add(step.name);
        way.pop();
        continue;
      }
      const start = way.findIndex((earlier) => earlier.name === next);
      if (start >= 0) cycles.push(way.slice(start).map((earlier) => earlier.name));
      else enter(next);
    }

    function enter(entered: string): void {
      if (done.has(entered)) return;
      const dependencies = Object.keys(specs.get(entered)?.depends_on ?? {});
      way.push({ name: entered, left: dependencies.filter((dependency) => specs.has(dependency)).reverse() });
    }
  }
  return cycles;
}

interface Step {
  readonly name: string;
  /** Dependencies still to be followed. */
  readonly left: string[];
}

function cycleFault(cycle: readonly string[]): DependencyFault {
  const [service = "", dependency = service] = cycle;
  const message = `dependency cycle: ${[...cycle, service].join(" → ")}`;
  return { service, dependency, reason: "cycle", message, hint: "remove one of these dependencies" };
}
