import type { SandboxDocument } from "../api/index.ts";

type Ports = SandboxDocument["connect"];

/** What a service would have to be allowed so that nothing it was refused is refused again. */
export interface SandboxSuggestion {
  readonly service: string;
  readonly tenant: string;
  /** The least that has what is declared and what was refused. */
  readonly sandbox: {
    readonly read: readonly string[];
    readonly write: readonly string[];
    readonly connect: Ports;
    readonly listen: Ports;
  };
  /** The same for `solo.toml`. */
  readonly toml: string;
  /** Refusals whose path or port the service's words did not name. */
  readonly unclear: readonly string[];
}

/** Adds what was refused to what is declared; a path within another one that allows as much is left out. */
export function suggestSandbox({ service, tenant, declared, refused }: SandboxDocument): SandboxSuggestion {
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
  const lines = Object.entries(sandbox).flatMap(([name, value]) =>
    value.length === 0 ? [] : [`${name} = ${tomlOf(value)}`],
  );
  const unclear = refused.flatMap(({ target, advice }) => (target === null ? [advice] : []));
  return { service, tenant, sandbox, toml: [`[service.${service}.sandbox]`, ...lines].join("\n"), unclear };
}

/** JSON's strings and numbers are TOML's too. */
function tomlOf(value: "any" | readonly (string | number)[]): string {
  return value === "any" ? '"any"' : `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
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
