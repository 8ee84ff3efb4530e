import type { NamedService } from "../dependencies.ts";
import type { Report } from "./report.ts";

/** Finds ports that two services would have to listen on. */
export function checkPorts(services: readonly NamedService[], report: Report): void {
  const owners = new Map<number, string>();
  for (const { name, spec } of services) {
    if (spec.fixed_port === undefined) continue;
    const owner = owners.get(spec.fixed_port);
    if (owner === undefined) owners.set(spec.fixed_port, name);
    else report(["service", name, "fixed_port"], `${owner} listens on ${spec.fixed_port} already`, "give each its own");
  }
}
