import { join } from "node:path";
import { SoloError } from "../api/error.ts";
import type { Context } from "./contexts.ts";
import { type LayerName, type Layers, resolveSetting } from "./layers.ts";
import { suggest } from "./nearest.ts";
import { type Paths, paths } from "./paths.ts";
import { isSettingKey, type SettingKey, type SettingValues, settingKeys, settings, splitKey } from "./settings.ts";
import type { TenantSettings } from "./tenants.ts";

/** One setting, with what every layer says about it. Values are as a file writes them (`"64MB"`). */
export interface Explanation {
  readonly key: SettingKey;
  readonly about: string;
  readonly value: string | number | boolean;
  readonly layer: LayerName;
  readonly place: string;
  /** The strongest first. */
  readonly layers: readonly {
    readonly layer: LayerName;
    readonly value: string | number | boolean;
    readonly place: string;
  }[];
}

/** A machine's configuration, all layers checked and put together. */
export class LoadedConfig {
  /** Folders and files that follow from the configuration. */
  readonly paths: Paths;
  /** The files that were read, absolute. */
  readonly files: { readonly user: string | null; readonly project: string | null };
  /** The user's file, or where it would be. */
  readonly userFile: string;
  /** The user's contexts, by name. */
  readonly contexts: ReadonlyMap<string, Context>;
  /** What the user's file says of tenants, by name. */
  readonly tenants: ReadonlyMap<string, TenantSettings>;
  readonly #layers: Layers;

  constructor(layers: Layers) {
    this.#layers = layers;
    this.paths = paths(layers.env, this.get("solo.data_dir"));
    this.files = { user: layers.user?.path ?? null, project: layers.project?.path ?? null };
    this.userFile = layers.user?.path ?? join(layers.folders.configDir, "config.toml");
    this.contexts = layers.user?.contexts ?? new Map<string, Context>();
    this.tenants = layers.user?.tenants ?? new Map<string, TenantSettings>();
  }

  get<Key extends SettingKey>(key: Key): SettingValues[Key] {
    return resolveSetting(key, this.#layers).values[0].value;
  }

  /** The kernel that commands talk to; null is this machine's own. Throws `not_found` for a context that isn't there. */
  target(): Context | null {
    const chosen = resolveSetting("cli.context", this.#layers).values[0];
    if (chosen.value === null) return null;
    const context = this.contexts.get(chosen.value);
    if (context !== undefined) return context;
    throw new SoloError("not_found", `${chosen.place}: there is no context ${JSON.stringify(chosen.value)}`, {
      hint:
        this.contexts.size > 0
          ? suggest(chosen.value, [...this.contexts.keys()])
          : "`solo context add NAME URL` adds one",
    });
  }

  /** Which layers set a key, and which one won. Throws `not_found` for a key that doesn't exist. */
  explain(key: string): Explanation {
    if (!isSettingKey(key)) {
      throw new SoloError("not_found", `there is no setting ${JSON.stringify(key)}`, {
        hint: suggest(key, settingKeys()),
      });
    }
    return explainSetting(key, this.#layers);
  }

  /** All settings in effect, by section, as a file writes them. */
  show(): Record<string, Record<string, string | number | boolean>> {
    const shown: Record<string, Record<string, string | number | boolean>> = {};
    for (const key of settingKeys()) {
      const [section, name] = splitKey(key);
      shown[section] = { ...shown[section], [name]: explainSetting(key, this.#layers).value };
    }
    return shown;
  }
}

function explainSetting<Key extends SettingKey>(key: Key, layers: Layers): Explanation {
  const { about, type } = settings[key];
  const { values } = resolveSetting(key, layers);
  const spelt = values.map(({ layer, value, place }) => ({ layer, value: type.toFile(value), place }));
  const [first, ...rest] = spelt;
  const won = first ?? { layer: "built-in", value: type.toFile(values[0].value), place: "built-in" };
  return { key, about, ...won, layers: [won, ...rest] };
}
