import type { SandboxDocument } from "../api/index.ts";

type Ports = SandboxDocument["connect"];

/** What a service would have to be allowed, and no more, as far as is known. */
export interface SandboxSuggestion {
  readonly service: string;
  readonly tenant: string;
  /** `audit`: from what it was seen to use; `refusals`: from what is declared and what it was refused. */
  readonly source: "audit" | "refusals";
  readonly sandbox: {
    readonly read: readonly string[];
    readonly write: readonly string[];
    readonly connect: Ports;
    readonly listen: Ports;
  };
  /** Services that it calls; null where that is not known. */
  readonly call: readonly string[] | null;
  /** Whether it used `ctx.state`; null where that is not known. */
  readonly state: boolean | null;
  /** The same for `solo.toml`. */
  readonly toml: string;
  /** Refusals whose path or port the service's words did not name. */
  readonly unclear: readonly string[];
  /** What is declared and was not used; empty where that is not known. */
  readonly unused: readonly { readonly setting: string; readonly value: string }[];
  /** Uses that nothing should be declared for, and why. */
  readonly left_out: readonly { readonly access: string; readonly target: string; readonly reason: string }[];
  /** Calls of the system that could not be looked at. */
  readonly unseen: number;
}

/** From what was recorded where the service is in audit mode; else from what is declared and was refused. */
export function suggestSandbox(document: SandboxDocument): SandboxSuggestion {
  const { service, tenant, learned, mode } = document;
  if (mode !== "audit" || learned === null) return fromRefusals(document);
  const { call, ...sandbox } = learned.least;
  const calls = call.length === 0 ? [] : [`[service.${service}.allow]`, `call = ${tomlOf(call)}`];
  return {
    service,
    tenant,
    source: "audit",
    sandbox,
    call,
    state: learned.state,
    toml: [
      `[service.${service}.sandbox]`,
      'mode = "enforce"',
      ...linesOf({ ...sandbox, ...learned.kept }),
      ...calls,
    ].join("\n"),
    unclear: [],
    unused: learned.unused,
    left_out: learned.left_out,
    unseen: learned.unseen,
  };
}

/** Adds what was refused to what is declared; a path within another one that allows as much is left out. */
function fromRefusals({ service, tenant, declared, refused }: SandboxDocument): SandboxSuggestion {
  const paths = (access: "read" | "write") =>
    refused.flatMap(({ access: was, target }) => (was === access && typeof target === "string" ? [target] : []));
  const ports = (access: "connect" | "listen") =>
    refused.flatMap(({ access: was, target }) => (was === access && typeof target === "number" ? [target] : []));
  const write = outermost([...declared.write, ...paths("write")]);
  const read = outermost([...declared.read, ...paths("read")]).filter(
    (path) => !write.some((other) => within(path, other)),
  );
  const sandbox = {
    read,
    write,
    connect: union(declared.connect, ports("connect")),
    listen: union(declared.listen, ports("listen")),
  };
  return {
    service,
    tenant,
    source: "refusals",
    sandbox,
    call: null,
    state: null,
    toml: [`[service.${service}.sandbox]`, ...linesOf(sandbox)].join("\n"),
    unclear: refused.flatMap(({ target, advice }) => (target === null ? [advice] : [])),
    unused: [],
    left_out: [],
    unseen: 0,
  };
}

/** What is to be said beside a suggestion, each in a line. */
export function remarksOn({ unclear, unused, left_out, unseen }: SandboxSuggestion): string[] {
  return [
    ...unclear.map((text) => `not named in its words: ${text}`),
    ...unused.map(({ setting, value }) => `declared and not used: ${setting} ${value}`),
    ...left_out.map(({ access, target, reason }) => `left out: to ${access} ${target}: ${reason}`),
    ...(unseen > 0 ? [`${unseen} calls could not be looked at: what they used is missing here`] : []),
  ];
}

type Setting = number | "any" | readonly (string | number)[];

function linesOf(settings: Readonly<Record<string, Setting | undefined>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) =>
    value === undefined || (Array.isArray(value) && value.length === 0) ? [] : [`${name} = ${tomlOf(value)}`],
  );
}

/** JSON's strings and numbers are TOML's too. */
function tomlOf(value: Setting): string {
  return typeof value === "object"
    ? `[${value.map((item) => JSON.stringify(item)).join(", ")}]`
    : JSON.stringify(value);
}

function union(declared: Ports, refused: readonly number[]): Ports {
  return declared === "any" ? "any" : [...new Set([...declared, ...refused])].sort((one, other) => one - other);
}

function outermost(paths: readonly string[]): string[] {
  const all = [...new Set(paths)].sort();
  return all.filter((path) => !all.some((other) => other !== path && within(path, other)));
}

function within(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}
