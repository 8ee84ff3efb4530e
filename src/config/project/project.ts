import { nameForm, namePattern } from "../../api/name-pattern.ts";
import type { Group } from "../../api/spec.ts";
import { checkDependencies, type NamedService } from "../dependencies.ts";
import { type ConfigDocument, isTable } from "../document.ts";
import type { Problem } from "../problem.ts";
import type { KeyPath } from "../scan/key-map.ts";
import { checkGroups } from "./groups.ts";
import { checkHosts } from "./hosts.ts";
import { checkPorts } from "./ports.ts";
import type { Report } from "./report.ts";
import { type GroupFile, groupFileSchema, serviceFileSchema } from "./schema.ts";
import { type ServiceDefaults, toSpec } from "./translate.ts";
import { parseTable } from "./zod-problems.ts";

/** What a project file declares, in the form that `deploy` sends. */
export interface ProjectServices {
  readonly services: readonly NamedService[];
  readonly groups: readonly Group[];
}

export interface ProjectPlace {
  readonly folder: string;
  readonly home: string;
  readonly defaults: ServiceDefaults;
  /** Whether the services run on another machine. */
  readonly elsewhere: boolean;
}

/** Reads the services and groups of a project file; everything that is wrong goes to `problems`. */
export function readProject(document: ConfigDocument, place: ProjectPlace, problems: Problem[]): ProjectServices {
  const report: Report = (path, message, hint) => {
    problems.push(document.problem(path, message, { at: "key", ...(hint !== undefined && { hint }) }));
  };
  const context = { ...place, report };
  const names = tableNames(document, "service", report);
  const services = names.flatMap((name): NamedService[] => {
    const path = ["service", name];
    const file = parseTable(serviceFileSchema, document, path, problems);
    const spec = file && toSpec(file, path, context);
    return spec === undefined ? [] : [{ name, spec }];
  });
  const groups = tableNames(document, "group", report).flatMap((name): Group[] => {
    const file: GroupFile | undefined = parseTable(groupFileSchema, document, ["group", name], problems);
    return file === undefined ? [] : [{ name, ...file }];
  });

  // Services that were refused exist all the same: a dependency on one is no second mistake.
  const complete = services.length === names.length;
  for (const { service, dependency, reason, message, hint } of checkDependencies(services)) {
    if (reason !== "unknown" || complete || !names.includes(dependency))
      report(["service", service, "depends_on", dependency], message, hint);
  }
  checkHosts(services, report);
  checkPorts(services, report);
  checkGroups(groups, names, report);
  return { services, groups };
}

/** The names of `[service.NAME]` tables, each checked. */
function tableNames(document: ConfigDocument, kind: "service" | "group", report: Report): string[] {
  const tables = document.value[kind];
  const path: KeyPath = [kind];
  if (tables === undefined) return [];
  if (!isTable(tables)) {
    report(path, `expected tables such as [${kind}.NAME]`);
    return [];
  }
  const names = Object.keys(tables);
  for (const name of names) {
    if (!namePattern.test(name)) report([kind, name], `invalid name ${JSON.stringify(name)}`, `use ${nameForm}`);
  }
  return names;
}
