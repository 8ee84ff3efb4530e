import type { Context } from "./contexts.ts";
import type { LoadedConfig } from "./loaded-config.ts";
import type { Problem } from "./problem.ts";
import type { ProjectServices } from "./project/project.ts";
import type { ServiceDefaults } from "./project/translate.ts";
import type { FileSource, ProjectSource } from "./validate.ts";

/**
 * The door of `config/`. What every command needs is loaded with it; whatever reads, checks or changes files is loaded when
 * it is asked for, so that a command without a configuration file starts without a parser.
 */

export type { Context } from "./contexts.ts";
export { checkDependencies, type DependencyFault, type NamedService, reportsReadiness } from "./dependencies.ts";
export type { LayerName } from "./layers.ts";
export { type ConfigSource, loadConfig } from "./load.ts";
export type { Explanation, LoadedConfig } from "./loaded-config.ts";
export { isLoopback } from "./loopback.ts";
export { nearest } from "./nearest.ts";
export { maxSocketPathBytes, type Paths, paths, type Variables } from "./paths.ts";
export { formatProblem, type Problem } from "./problem.ts";
export type { ProjectServices } from "./project/project.ts";
export type { ServiceDefaults } from "./project/translate.ts";
export { type Flags, localContext, noPort, type SettingKey, type SettingValues, settingKeys } from "./settings.ts";
export type { TenantSettings } from "./tenants.ts";
export type { FileSource, ProjectSource } from "./validate.ts";
export { writeFailure } from "./write-failure.ts";

/** What the configuration gives to a service that says nothing itself, whether from a file or from the command line. */
export function serviceDefaults(config: LoadedConfig): ServiceDefaults {
  return {
    stop_grace_ms: config.get("defaults.stop_grace"),
    log_bytes: config.get("logs.service_bytes"),
    sandbox_mode: modes[config.get("defaults.sandbox")],
  };
}

const modes = { on: "enforce", "best-effort": "best-effort", off: "off" } as const;

/** See {@link import("./validate.ts").projectServices}. */
export async function projectServices(source: ProjectSource): Promise<ProjectServices> {
  return (await import("./validate.ts")).projectServices(source);
}

/** See {@link import("./validate.ts").validate}. */
export async function validate(source: FileSource): Promise<Problem[]> {
  return (await import("./validate.ts")).validate(source);
}

/** See {@link import("./context-edit.ts").addContext}. */
export async function addContext(file: string, context: Context, cwd: string): Promise<void> {
  await (await import("./context-edit.ts")).addContext(file, context, cwd);
}

/** See {@link import("./context-edit.ts").chooseContext}. */
export async function chooseContext(file: string, name: string): Promise<void> {
  await (await import("./context-edit.ts")).chooseContext(file, name);
}

/** See {@link import("./context-edit.ts").removeContext}. */
export async function removeContext(file: string, name: string, options?: { readonly force?: boolean }): Promise<void> {
  await (await import("./context-edit.ts")).removeContext(file, name, options);
}

/** A configuration file with every key, its default and what it means: what `solo config init` writes. */
export async function exampleConfig(): Promise<string> {
  return (await import("./example.ts")).example;
}
