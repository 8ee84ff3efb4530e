import { resolve } from "node:path";
import type { DeployRequest, ServiceKind, ServiceSpecInput } from "../../api/index.ts";
import { namePattern, SoloError } from "../../api/index.ts";
import { projectServices, serviceDefaults } from "../../config/index.ts";
import type { Session } from "../session.ts";
import { environmentOf } from "./environment.ts";
import { preopensOf } from "./preopens.ts";
import { healthOf, type ProbeFlags } from "./probe.ts";
import { programOf } from "./program.ts";
import { secretOf } from "./secret.ts";
import { serviceNameOf } from "./service-name-of.ts";
import { servicePath } from "./service-path.ts";

export interface ServiceFlags extends ProbeFlags {
  readonly replicas?: number | undefined;
  readonly env?: readonly string[] | undefined;
  readonly "env-file"?: readonly string[] | undefined;
  readonly kind?: ServiceKind | undefined;
  readonly restart?: "permanent" | "transient" | "temporary" | undefined;
  readonly cwd?: string | undefined;
  readonly dir?: readonly string[] | undefined;
  readonly host?: readonly string[] | undefined;
  readonly port?: number | undefined;
  readonly secret?: readonly string[] | undefined;
}

export interface ServiceWords {
  readonly path: string;
  readonly name: string | undefined;
  readonly args: readonly string[];
}

type Services = Pick<DeployRequest, "services" | "groups">;

/** One service as the command line describes it. */
export async function serviceFromFlags(
  { path, name, args }: ServiceWords,
  flags: ServiceFlags,
  session: Session,
): Promise<Services> {
  const cwd = process.cwd();
  const program = await programOf({ path, args, kind: flags.kind, cwd, local: session.isLocal });
  const chosen = name ?? serviceNameOf(resolve(cwd, path));
  if (!namePattern.test(chosen)) {
    throw new SoloError("invalid_name", `invalid name ${JSON.stringify(chosen)}: use 1 to 64 of A-Z a-z 0-9 _ -`, {
      hint: name === undefined ? "add a name: `solo deploy PATH NAME`" : "choose another name",
    });
  }
  const own = program.kind === "command" && session.isLocal ? cwd : undefined;
  const workingFolder = flags.cwd === undefined ? own : servicePath(flags.cwd, "--cwd", session);
  const { sandbox_mode, ...defaults } = serviceDefaults(session.config);
  const spec: ServiceSpecInput = {
    ...defaults,
    ...(sandbox_mode && { sandbox: { mode: sandbox_mode } }),
    ...program,
    env: environmentOf(flags.env ?? [], flags["env-file"] ?? [], { cwd, env: process.env }),
    health: healthOf(flags),
    preopens: preopensOf(flags.dir ?? [], (folder) => servicePath(folder, "--dir", session)),
    hosts: [...(flags.host ?? [])],
    ...(workingFolder !== undefined && { cwd: workingFolder }),
    ...(flags.replicas !== undefined && { replicas: flags.replicas }),
    ...(flags.restart !== undefined && { restart: { policy: flags.restart } }),
    ...(flags.port !== undefined && { fixed_port: flags.port }),
    ...(flags.secret !== undefined && { secrets: flags.secret.map(secretOf) }),
  };
  return { services: [{ name: chosen, spec }], groups: [] };
}

/** Every service and group that a project file declares. */
export async function servicesFromFile(file: string, session: Session): Promise<Services> {
  const elsewhere = !session.isLocal;
  const source = { file, cwd: process.cwd(), env: process.env, defaults: serviceDefaults(session.config), elsewhere };
  const { services, groups } = await projectServices(source);
  if (services.length > 0) return { services: [...services], groups: [...groups] };
  throw new SoloError("invalid_config", `${file} declares no service`, {
    hint: 'add a table such as [service.web] with source = "src/web.ts"',
  });
}
