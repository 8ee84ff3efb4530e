import type { NamedService } from "../dependencies.ts";
import type { Report } from "./report.ts";

/** Letters, digits and hyphens in labels of up to 63, RFC 1123 section 2.1; `_` too, since service names have it. */
const hostPattern =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/** Finds hosts that are none, and hosts that two services claim. Every service owns `NAME.localhost`. */
export function checkHosts(services: readonly NamedService[], report: Report): void {
  const owners = new Map<string, string>();
  for (const { name } of services) {
    const host = `${name.toLowerCase()}.localhost`;
    const owner = owners.get(host);
    if (owner === undefined) owners.set(host, name);
    else
      report(
        ["service", name],
        `${owner} and ${name} have one address, ${host}`,
        "host names don't tell capitals apart; rename one",
      );
  }
  for (const { name, spec } of services) {
    const path = ["service", name, "route", "host"];
    for (const host of spec.hosts) {
      const owner = owners.get(host);
      if (!hostPattern.test(host))
        report(
          path,
          `invalid host ${JSON.stringify(host)}`,
          'write a host name such as "api.localhost", without scheme or port',
        );
      else if (owner !== undefined && owner !== name)
        report(path, `${owner} has the host ${host} already`, "give each service its own");
      else owners.set(host, name);
    }
  }
}
