import { resolve } from "node:path";
import { isProgram, type ServiceSpec, SoloError } from "../../api/index.ts";
import { systemFiles, systemPrograms } from "./defaults.ts";
import { isWithin, resolved } from "./place.ts";

/**
 * What someone may name in a deploy who is not the kernel's owner, and may not deploy without a sandbox either: the service
 * would reach it in the name of the kernel's user.
 */
export interface Reach {
  readonly tenant: string;
  /** Files and folders, absolute: the tenant's own, and those that the owner allows it. */
  readonly paths: readonly string[];
  /** Where programs without a slash are found. */
  readonly programs: string;
}

/**
 * @throws SoloError `forbidden` for a specification that names anything beyond, with the path and the setting. Whether there
 * is anything at a path makes no difference.
 */
export function refuseBeyond(name: string, spec: ServiceSpec, reach: Reach): void {
  const check = (setting: string, path: string, isAllowed = (real: string) => isInReach(real, reach)) => {
    const absolute = resolve("/", path);
    if (!isAllowed(resolved(absolute))) throw beyond(name, setting, absolute, reach);
  };
  if (spec.path !== undefined) check("path", spec.path);
  if (spec.cwd !== undefined) check("cwd", spec.cwd, (real) => real === "/" || isInReach(real, reach));
  if (isProgram(spec.kind)) check("command", programOf(spec, reach), (real) => isProgramInReach(real, reach));
  for (const path of spec.sandbox.read) check("sandbox.read", path, (real) => isReadable(real, reach));
  for (const path of spec.sandbox.write) check("sandbox.write", path);
  for (const path of Object.values(spec.preopens)) check("preopens", path);
  for (const path of spec.state?.folders ?? []) check("state.folders", path);
  for (const [kind, probe] of Object.entries(spec.health)) {
    if (typeof probe === "object" && probe.type === "exec") throw outside(name, `health.${kind}.command`, reach);
  }
  const variable = spec.sandbox.inherit_env.find((word) => !harmless.test(word));
  if (variable !== undefined) throw inherited(name, variable, reach);
}

/** The specification without what its arguments would open beyond. */
export function withinReach(spec: ServiceSpec, reach: Reach): ServiceSpec {
  const found = spec.sandbox.found.filter((path) => isReadable(path, reach));
  return { ...spec, sandbox: { ...spec.sandbox, found } };
}

function isInReach(real: string, { paths }: Reach): boolean {
  return paths.some((path) => isWithin(real, resolved(path)));
}

function isProgramInReach(real: string, reach: Reach): boolean {
  return systemPrograms.some((folder) => isWithin(real, resolved(folder))) || isInReach(real, reach);
}

/** Every service may read the system's own anyway. */
function isReadable(real: string, reach: Reach): boolean {
  return isProgramInReach(real, reach) || systemFiles.some((path) => isWithin(real, resolved(path)));
}

function programOf({ command: [program = ""] = [], cwd = "/" }: ServiceSpec, { programs }: Reach): string {
  return program.includes("/") ? resolve(cwd, program) : (Bun.which(program, { PATH: programs, cwd }) ?? "/usr/bin");
}

/** Variables of the kernel's that tell nothing but where and how it runs; others may hold its user's credentials. */
const harmless = /^(?:PATH|HOME|USER|LOGNAME|SHELL|TERM|TZ|LANG|LANGUAGE|LC_[A-Z]+|TMPDIR)$/;

function beyond(name: string, setting: string, path: string, reach: Reach): SoloError {
  const { tenant } = reach;
  const message = `${name}: ${setting}: ${path} is beyond what deploys to tenant ${tenant} may name`;
  return new SoloError("forbidden", message, {
    hint: `${wayOut(setting)}ask the kernel's owner for it: \`[tenants.${tenant}] paths = [${JSON.stringify(path)}]\``,
    details: { setting, path, tenant, permission: "unsandboxed" },
  });
}

function wayOut(setting: string): string {
  if (setting === "path" || setting === "command") return "bring the program with `upload`, or ";
  return setting === "cwd" ? "deploy with `--cwd /`, or " : "";
}

function outside(name: string, setting: string, { tenant }: Reach): SoloError {
  return new SoloError("forbidden", `${name}: ${setting} would run outside of the sandbox`, {
    hint: "probe it by http or tcp; who has the permission unsandboxed may deploy this",
    details: { setting, tenant, permission: "unsandboxed" },
  });
}

function inherited(name: string, variable: string, { tenant }: Reach): SoloError {
  return new SoloError("forbidden", `${name}: sandbox.inherit_env: ${variable} is the kernel's own`, {
    hint: "give the variable a value in `env`, or as a secret; who has the permission unsandboxed may deploy this",
    details: { setting: "sandbox.inherit_env", variable, tenant, permission: "unsandboxed" },
  });
}
