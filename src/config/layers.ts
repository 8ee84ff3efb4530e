import { dirname } from "node:path";
import { SoloError } from "../api/error.ts";
import type { FileLayer } from "./file-layer.ts";
import { expandPath, type Folders, type Variables } from "./paths.ts";
import type { Problem } from "./problem.ts";
import { type Flags, type Setting, type SettingKey, type SettingValues, settings } from "./settings.ts";
import { Refusal, refusalMessage } from "./value-types.ts";

/** Where a setting can come from, the strongest first. */
export type LayerName = "flag" | "environment" | "project" | "user" | "built-in";

/** Everything that a configuration is made of. */
export interface Layers {
  readonly cwd: string;
  readonly env: Variables;
  readonly folders: Folders;
  readonly flags: Flags;
  readonly project: FileLayer | undefined;
  readonly user: FileLayer | undefined;
}

/** What one layer says about a setting, and where. */
export interface LayerValue<T> {
  readonly layer: LayerName;
  readonly value: T;
  /** `--bind`, `SOLO_BIND`, `solo.toml:3:5` or `built-in`. */
  readonly place: string;
}

export interface Resolved<T> {
  /** The layers that say something, the strongest first; the built-in is always there. */
  readonly values: readonly [LayerValue<T>, ...LayerValue<T>[]];
  /** What is wrong in files. */
  readonly problems: readonly Problem[];
  /** What is wrong on the command line and in the environment. */
  readonly misuse: readonly SoloError[];
}

/** What every layer says about one setting. */
export function resolveSetting<Key extends SettingKey>(key: Key, layers: Layers): Resolved<SettingValues[Key]> {
  const setting: Setting<SettingValues[Key]> = settings[key];
  const values: LayerValue<SettingValues[Key]>[] = [];
  const problems: Problem[] = [];
  const misuse: SoloError[] = [];
  const complete = completer(setting, layers);

  for (const given of texts(setting, layers)) {
    const value = setting.type.fromText(given.text);
    if (value instanceof Refusal) misuse.push(refuseText(given, value));
    else values.push({ layer: given.layer, value: complete(value, layers.cwd), place: given.place });
  }
  for (const layer of ["project", "user"] as const) {
    const file = layers[layer];
    const written = file?.values.get(key);
    if (file === undefined || written === undefined) continue;
    const value = setting.type.fromFile(written.value);
    if (value instanceof Refusal) problems.push(written.problem(refusalMessage(value, written.value), value.hint));
    else values.push({ layer, value: complete(value, dirname(file.path)), place: written.place });
  }
  const builtIn = { layer: "built-in", value: setting.builtIn(layers.folders), place: "built-in" } as const;
  const [first, ...rest] = [...values, builtIn];
  return { values: [first ?? builtIn, ...rest], problems, misuse };
}

interface GivenText {
  readonly layer: "flag" | "environment";
  readonly text: string;
  readonly place: string;
}

/** An empty variable counts as unset, an empty flag doesn't. */
function texts<T>({ flag, variable }: Setting<T>, { flags, env }: Layers): GivenText[] {
  const given: GivenText[] = [];
  const flagText = flag && flags[flag];
  if (flagText !== undefined) given.push({ layer: "flag", text: flagText, place: `--${flag}` });
  const variableText = variable && env[variable];
  if (variable && variableText) given.push({ layer: "environment", text: variableText, place: variable });
  return given;
}

function refuseText({ layer, text, place }: GivenText, refusal: Refusal): SoloError {
  const subject = layer === "flag" ? place : `environment variable ${place}`;
  return new SoloError(layer === "flag" ? "usage" : "invalid_config", `${subject}: ${refusalMessage(refusal, text)}`, {
    hint: refusal.hint ?? (layer === "flag" ? `give ${place} such a value` : `unset ${place}, or give it such a value`),
  });
}

/** Makes a path absolute from where it is written. */
function completer<T>({ completePath }: Setting<T>, { folders }: Layers): (value: T, folder: string) => T {
  return (value, folder) => completePath?.(value, (path) => expandPath(path, folder, folders.home)) ?? value;
}
