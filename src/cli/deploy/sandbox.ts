import { type DeployRequest, type ServiceSpecInput, SoloError } from "../../api/index.ts";
import type { Session } from "../session.ts";
import { servicePath } from "./service-path.ts";

type Services = DeployRequest["services"];
type SandboxInput = NonNullable<ServiceSpecInput["sandbox"]>;
type Ports = NonNullable<SandboxInput["connect"]>;

export interface SandboxFlags {
  readonly sandbox?: boolean;
  readonly "sandbox-audit"?: boolean;
  readonly unsandboxed?: boolean;
  readonly "allow-read"?: readonly string[] | undefined;
  readonly "allow-write"?: readonly string[] | undefined;
  readonly "allow-connect"?: readonly string[] | undefined;
  readonly "allow-listen"?: readonly string[] | undefined;
}

/** What the flags on sandboxes make of services as they are described. */
export function sandboxed(services: Services, flags: SandboxFlags, session: Pick<Session, "isLocal">): Services {
  return services.map(({ name, spec }) => ({
    name,
    spec: { ...spec, sandbox: chosen(spec.sandbox ?? {}, flags, session) },
  }));
}

function chosen(own: SandboxInput, flags: SandboxFlags, session: Pick<Session, "isLocal">): SandboxInput {
  if (flags.unsandboxed) return { mode: "off" };
  const paths = (flag: "allow-read" | "allow-write") =>
    (flags[flag] ?? []).map((word) => servicePath(word, `--${flag}`, session));
  return {
    ...own,
    ...(flags.sandbox && (own.mode === "off" || own.mode === "audit") && { mode: "enforce" as const }),
    ...(flags["sandbox-audit"] && { mode: "audit" as const }),
    read: [...(own.read ?? []), ...paths("allow-read")],
    write: [...(own.write ?? []), ...paths("allow-write")],
    connect: ports(own.connect, "allow-connect", flags),
    listen: ports(own.listen, "allow-listen", flags),
  };
}

function ports(own: Ports = [], flag: "allow-connect" | "allow-listen", flags: SandboxFlags): Ports {
  const words = (flags[flag] ?? []).flatMap((word) => word.split(","));
  if (own === "any" || words.includes("any")) return "any";
  return [...own, ...words.map((word) => port(word, flag))];
}

function port(word: string, flag: string): number {
  const number = Number(word);
  if (/^\d+$/.test(word) && number >= 1 && number <= 65_535) return number;
  throw new SoloError("usage", `--${flag} expects a port from 1 to 65535 or "any", got ${JSON.stringify(word)}`, {
    hint: `such as --${flag} 443`,
  });
}

/** Says so of services whose sandbox refuses nothing, or that have none, for whatever reason. */
export function warningsOf(services: Services): string[] {
  const warning = (mode: "off" | "audit", what: string) => {
    const names = services.filter(({ spec }) => spec.sandbox?.mode === mode).map(({ name }) => name);
    return names.length === 0 ? [] : [`${names.join(", ")} ${names.length === 1 ? "runs" : "run"} ${what}`];
  };
  return [
    ...warning("off", "without a sandbox and may do whatever you may"),
    ...warning("audit", "in audit mode: no file and no port is refused, and what is used is recorded"),
  ];
}
