import { type Context, readContexts } from "./contexts.ts";
import { type ConfigDocument, isTable, readDocument } from "./document.ts";
import { suggest } from "./nearest.ts";
import type { Folders } from "./paths.ts";
import { formatPlace } from "./place.ts";
import type { Problem } from "./problem.ts";
import { isSettingKey, type SettingKey, settingKeys, splitKey } from "./settings.ts";
import { readTenants, type TenantSettings } from "./tenants.ts";

/** A setting as a file has it, not yet checked. */
export interface FileValue {
  readonly value: unknown;
  readonly place: string;
  readonly problem: (message: string, hint: string | null) => Problem;
}

/** What one configuration file says about settings, contexts and tenants. */
export interface FileLayer {
  /** Absolute. */
  readonly path: string;
  readonly values: ReadonlyMap<SettingKey, FileValue>;
  readonly contexts: ReadonlyMap<string, Context>;
  readonly tenants: ReadonlyMap<string, TenantSettings>;
  readonly problems: readonly Problem[];
}

/** Which tables a file may hold, beside those of the settings. */
export type FileRole = "user" | "project";

const tablesOf = { user: ["contexts", "tenants"], project: ["service", "group"] } as const;

/** Reads a file's settings. `name` is what messages call the file. Services and groups are left to `projectServices`. */
export function readFileLayer(role: FileRole, path: string, name: string, env: Folders): FileLayer {
  return toFileLayer(role, readDocument(path, name), path, env);
}

export function toFileLayer(role: FileRole, document: ConfigDocument, path: string, env: Folders): FileLayer {
  const problems: Problem[] = [];
  const values = new Map<SettingKey, FileValue>();
  const sections = Map.groupBy(settingKeys(), (key) => splitKey(key)[0]);
  for (const [section, table] of Object.entries(document.value)) {
    const known = sections.get(section)?.map((key) => splitKey(key)[1]);
    if (known !== undefined) readSection(document, section, table, known, values, problems);
    else if (!isAllowed(role, section)) problems.push(misplaced(document, role, section, [...sections.keys()]));
  }
  const contexts = role === "user" ? readContexts(document, path, env, problems) : new Map<string, Context>();
  const tenants = role === "user" ? readTenants(document, path, env, problems) : new Map<string, TenantSettings>();
  return { path, values, contexts, tenants, problems };
}

function readSection(
  document: ConfigDocument,
  section: string,
  table: unknown,
  known: readonly string[],
  values: Map<SettingKey, FileValue>,
  problems: Problem[],
): void {
  if (!isTable(table)) {
    problems.push(document.problem([section], `expected a table: [${section}]`));
    return;
  }
  for (const [name, value] of Object.entries(table)) {
    const path = [section, name];
    const key = path.join(".");
    if (!known.includes(name) || !isSettingKey(key)) {
      problems.push(document.problem(path, "unknown key", { at: "key", hint: suggest(name, known) }));
      continue;
    }
    const problem = (message: string, hint: string | null) =>
      document.problem(path, message, hint === null ? {} : { hint });
    values.set(key, { value, place: formatPlace(document.keyPlace(path)), problem });
  }
}

function isAllowed(role: FileRole, section: string): boolean {
  return tablesOf[role].some((table) => table === section);
}

function misplaced(document: ConfigDocument, role: FileRole, section: string, sections: readonly string[]): Problem {
  const other = role === "user" ? "project" : "user";
  if (isAllowed(other, section)) {
    const message =
      role === "user"
        ? "services are declared in a project's solo.toml"
        : `${section} belong in the user configuration`;
    return document.problem([section], message, { at: "key", hint: "move this table there" });
  }
  return document.problem([section], "unknown table", {
    at: "key",
    hint: suggest(section, [...sections, ...tablesOf[role]]),
  });
}
