import type { Group } from "../../api/spec.ts";
import { suggest } from "../nearest.ts";
import type { Report } from "./report.ts";

/** Finds members that don't exist, are named twice, or belong to another group as well. */
export function checkGroups(groups: readonly Group[], services: readonly string[], report: Report): void {
  const owners = new Map<string, string>();
  for (const { name, services: members } of groups) {
    for (const [index, member] of members.entries()) {
      const path = ["group", name, "services", index];
      const owner = owners.get(member);
      if (!services.includes(member)) {
        report(
          path,
          `there is no service ${JSON.stringify(member)}`,
          services.length > 0 ? suggest(member, services) : "declare it",
        );
      } else if (owner === name) report(path, `${member} is named twice`, "remove one");
      else if (owner !== undefined)
        report(path, `${member} belongs to the group ${owner} already`, "a service can be in one group");
      else owners.set(member, name);
    }
  }
}
