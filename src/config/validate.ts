import { basename, dirname, resolve } from "node:path";
import { ConfigDocument, tryReadDocument } from "./document.ts";
import { type FileRole, toFileLayer } from "./file-layer.ts";
import { folders, type Variables } from "./paths.ts";
import { type Problem, problemsError, sortProblems } from "./problem.ts";
import { type ProjectServices, readProject } from "./project/project.ts";
import type { ServiceDefaults } from "./project/translate.ts";
import { settingKeys, settings } from "./settings.ts";
import { Refusal, refusalMessage } from "./value-types.ts";

export interface FileSource {
  /** The file as its user named it. */
  readonly file: string;
  readonly cwd: string;
  readonly env: Variables;
}

export interface ProjectSource extends FileSource {
  readonly defaults: ServiceDefaults;
  /** For a kernel on another machine: the folders that a service has must be absolute ones of that machine. */
  readonly elsewhere?: boolean;
}

/** Everything that is wrong with a configuration file, in the order of its text. Empty for a good one. */
export function validate({ file, cwd, env }: FileSource): Problem[] {
  return sortProblems(check({ file, cwd, env, defaults: { stop_grace_ms: 0, log_bytes: 1_000_000 } }).problems);
}

/**
 * The services and groups that a project file declares, in the normal form of the API.
 * @throws SoloError `invalid_config` with every problem of the file; `file_not_found`
 */
export function projectServices(source: ProjectSource): ProjectServices {
  const { project, problems } = check(source);
  if (problems.length > 0) throw problemsError(problems);
  return project;
}

function check({ file, cwd, env, defaults, elsewhere = false }: ProjectSource): {
  project: ProjectServices;
  problems: Problem[];
} {
  const path = resolve(cwd, file);
  const user = folders(env);
  const document = tryReadDocument(path, file);
  const none = { services: [], groups: [] };
  if (!(document instanceof ConfigDocument)) return { project: none, problems: [document] };
  const role = roleOf(document, path);
  const layer = toFileLayer(role, document, path, user);
  const problems: Problem[] = [...layer.problems];
  for (const key of settingKeys()) {
    const written = layer.values.get(key);
    if (written === undefined) continue;
    const value = settings[key].type.fromFile(written.value);
    if (value instanceof Refusal) problems.push(written.problem(refusalMessage(value, written.value), value.hint));
  }
  const place = { folder: dirname(path), home: user.home, defaults, elsewhere };
  const project = role === "project" ? readProject(document, place, problems) : none;
  return { project, problems };
}

/** A file that declares contexts or tenants is a user's, one that declares services a project's; else its name tells. */
function roleOf({ value }: ConfigDocument, path: string): FileRole {
  if ("service" in value || "group" in value) return "project";
  if ("contexts" in value || "tenants" in value) return "user";
  return basename(path).startsWith("solo.") ? "project" : "user";
}
