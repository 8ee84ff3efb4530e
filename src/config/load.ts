import { join, resolve } from "node:path";
import { SoloError } from "../api/error.ts";
import type { FileLayer, FileRole } from "./file-layer.ts";
import { type Layers, resolveSetting } from "./layers.ts";
import { LoadedConfig } from "./loaded-config.ts";
import { type Folders, folders as userFolders, type Variables } from "./paths.ts";
import { type Problem, problemsError } from "./problem.ts";
import { type Flags, isSettingKey, settings } from "./settings.ts";

export interface ConfigSource {
  /** Absolute. The project's `solo.toml` is looked for here, and nowhere above. */
  readonly cwd: string;
  readonly env: Variables;
  /** Flags as given on the command line. */
  readonly flags?: Flags;
}

/**
 * The machine's configuration: flag › environment › project file › user file › built-in. A parser is loaded only when
 * there is a file to parse.
 * @throws SoloError `invalid_config` with every problem of every layer; `file_not_found` for a named file that isn't there
 */
export async function loadConfig({ cwd, env, flags = {} }: ConfigSource): Promise<LoadedConfig> {
  const folders = userFolders(env);
  const user = await readLayer("user", await userFile({ cwd, env, flags }, folders), folders);
  const project = await readLayer("project", await firstOf(cwd, ["solo.toml", "solo.json"]), folders);
  const layers: Layers = { cwd, env, folders, flags, user, project };
  const problems: Problem[] = [...(project?.problems ?? []), ...(user?.problems ?? [])];
  const misuse: SoloError[] = [];
  const written = new Set<string>([...(user?.values.keys() ?? []), ...(project?.values.keys() ?? [])]);
  for (const [key, { flag, variable }] of Object.entries(settings)) {
    // What nobody says anything of is right. That is nearly everything, and to look at it all would take most of the time.
    const isSaid = (flag && flags[flag] !== undefined) || (variable && env[variable]) || written.has(key);
    if (!isSaid || !isSettingKey(key)) continue;
    const found = resolveSetting(key, layers);
    problems.push(...found.problems);
    misuse.push(...found.misuse);
  }
  // A flag or variable is nearer to the reader than a file, so it is told first.
  if (misuse[0] !== undefined) throw misuse[0];
  if (problems.length > 0) throw problemsError(problems);
  return new LoadedConfig(layers);
}

interface FoundFile {
  readonly path: string;
  /** What messages call it. */
  readonly name: string;
}

async function readLayer(
  role: FileRole,
  file: FoundFile | undefined,
  folders: Folders,
): Promise<FileLayer | undefined> {
  if (file === undefined) return undefined;
  const { readFileLayer } = await import("./file-layer.ts");
  return readFileLayer(role, file.path, file.name, folders);
}

/** The user's file as named by `--config` or `SOLO_CONFIG`, which must exist, or the one in its usual place, if any. */
async function userFile({ cwd, env, flags }: ConfigSource, { configDir }: Folders): Promise<FoundFile | undefined> {
  const named = flags?.config || env.SOLO_CONFIG;
  if (named) return { path: resolve(cwd, named), name: named };
  const found = await firstOf(configDir, ["config.toml", "config.json"]);
  return found && { path: found.path, name: found.path };
}

async function firstOf(folder: string, names: readonly [string, string]): Promise<FoundFile | undefined> {
  const found: FoundFile[] = [];
  for (const name of names) {
    const path = join(folder, name);
    // Not by `node:fs`, see `lookUp`; nor by that one, which wakes a thread for each.
    if (await Bun.file(path).exists()) found.push({ name, path });
  }
  if (found.length > 1) {
    throw new SoloError("invalid_config", `both ${names.join(" and ")} exist in ${folder}`, {
      hint: "remove one of them",
    });
  }
  return found[0];
}
