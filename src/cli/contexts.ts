import { join } from "node:path";
import {
  addContext,
  type Context,
  chooseContext,
  type LoadedConfig,
  localContext,
  removeContext,
} from "../config/index.ts";

/** A context as `solo context list` shows it; this machine's own kernel is the first. */
export interface ContextRow {
  readonly name: string;
  readonly url: string;
  readonly current: boolean;
  readonly token_file: string | null;
  readonly ca: string | null;
  readonly cert: string | null;
}

export function listContexts(config: LoadedConfig): { readonly contexts: readonly ContextRow[] } {
  const current = config.get("cli.context");
  const own: ContextRow = {
    name: localContext,
    url: `unix://${config.paths.socket}`,
    current: current === null,
    token_file: null,
    ca: null,
    cert: null,
  };
  const named = [...config.contexts.values()].map(
    ({ name, url, token_file = null, ca = null, cert = null }): ContextRow => ({
      name,
      url,
      current: name === current,
      token_file,
      ca,
      cert,
    }),
  );
  return { contexts: [own, ...named] };
}

type ContextFields = { readonly [Field in keyof Context]: Context[Field] | undefined } & Pick<Context, "name" | "url">;

export async function addNamedContext(
  config: LoadedConfig,
  fields: ContextFields,
): Promise<Pick<Context, "name" | "url">> {
  const { name, url, token_file, ca, cert, key } = fields;
  const context: Context = {
    name,
    url,
    ...(token_file !== undefined && { token_file }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
  await addContext(userFile(config), context, process.cwd());
  return context;
}

export async function chooseNamedContext(config: LoadedConfig, name: string): Promise<{ readonly name: string }> {
  await chooseContext(userFile(config), name);
  return { name };
}

export async function removeNamedContext(
  config: LoadedConfig,
  name: string,
  options: { readonly force: boolean },
): Promise<{ readonly name: string }> {
  await removeContext(userFile(config), name, options);
  return { name };
}

function userFile({ files, paths }: LoadedConfig): string {
  return files.user ?? join(paths.configDir, "config.toml");
}
