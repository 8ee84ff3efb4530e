import { dirname } from "node:path";
import { nameForm, namePattern } from "../api/name-pattern.ts";
import type { ConfigDocument } from "./document.ts";
import { isTable } from "./document.ts";
import { isLoopback } from "./loopback.ts";
import { suggest } from "./nearest.ts";
import type { Folders } from "./paths.ts";
import { expandPath } from "./paths.ts";
import type { Problem } from "./problem.ts";
import { localContext } from "./settings.ts";

/** A named target other than this machine's own kernel. All paths are absolute. */
export interface Context {
  readonly name: string;
  /** `https://host:port`, `http://` on loopback only, or `unix:///path/of/a.sock`. */
  readonly url: string;
  /** File that holds the bearer capability. */
  readonly token_file?: string;
  /** Certificate authority to trust instead of the system's (PEM). */
  readonly ca?: string;
  /** Client certificate and its key (PEM), for mutual TLS. */
  readonly cert?: string;
  readonly key?: string;
}

export const contextKeys = ["url", "token_file", "ca", "cert", "key"] as const;
const fileKeys = ["token_file", "ca", "cert", "key"] as const;

/** Reads `[contexts.NAME]` tables; what is wrong with them goes to `problems`. */
export function readContexts(
  document: ConfigDocument,
  path: string,
  env: Folders,
  problems: Problem[],
): Map<string, Context> {
  const contexts = new Map<string, Context>();
  const tables = document.value.contexts;
  if (tables === undefined) return contexts;
  if (!isTable(tables)) {
    problems.push(document.problem(["contexts"], "expected tables such as [contexts.NAME]"));
    return contexts;
  }
  for (const [name, table] of Object.entries(tables)) {
    const found = checkContextTable(document, name, table);
    if (found.length > 0) problems.push(...found);
    else if (isTable(table)) contexts.set(name, toContext(name, table, dirname(path), env));
  }
  return contexts;
}

/** What is wrong with a context's address; `undefined` when nothing is. */
export function contextUrlFault(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null) return 'expected a URL such as "https://host:8443"';
  if (url.protocol === "unix:")
    return url.host === "" && url.pathname.length > 1 ? undefined : 'expected "unix:///path/of/a.sock"';
  if (url.protocol !== "https:" && url.protocol !== "http:") return "expected an https://, http:// or unix:// URL";
  if (url.username !== "" || url.password !== "")
    return "a URL must not hold credentials; put the token into token_file";
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") return "expected only scheme, host and port";
  if (url.protocol === "http:" && !isLoopback(url.hostname))
    return "http:// is for this machine only: elsewhere a token would travel in the clear; use https://";
  return undefined;
}

/** What is wrong with a context's name; `undefined` when nothing is. */
export function contextNameFault(name: string): string | undefined {
  if (!namePattern.test(name)) return `invalid context name ${JSON.stringify(name)}: use ${nameForm}`;
  return name === localContext ? `the name "${localContext}" stands for this machine's own kernel` : undefined;
}

function checkContextTable(document: ConfigDocument, name: string, table: unknown): Problem[] {
  const path = ["contexts", name];
  const problems: Problem[] = [];
  const fault = contextNameFault(name);
  if (fault !== undefined) problems.push(document.problem(path, fault, { at: "key" }));
  if (!isTable(table)) return [...problems, document.problem(path, "expected a table with at least url")];
  for (const [key, value] of Object.entries(table)) {
    const at = [...path, key];
    if (!contextKeys.some((known) => known === key))
      problems.push(document.problem(at, "unknown key", { at: "key", hint: suggest(key, contextKeys) }));
    else if (typeof value !== "string" || value === "") problems.push(document.problem(at, "expected a text"));
  }
  const { url, cert, key } = table;
  if (url === undefined) problems.push(document.problem(path, "url is missing", { at: "key" }));
  const urlFault = typeof url === "string" ? contextUrlFault(url) : undefined;
  if (urlFault !== undefined) problems.push(document.problem([...path, "url"], urlFault));
  if ((cert === undefined) !== (key === undefined))
    problems.push(document.problem(path, "cert and key belong together: give both or none", { at: "key" }));
  return problems;
}

function toContext(name: string, table: Readonly<Record<string, unknown>>, folder: string, env: Folders): Context {
  const files = fileKeys.flatMap((key) =>
    table[key] === undefined ? [] : [[key, expandPath(String(table[key]), folder, env.home)]],
  );
  return { name, url: String(table.url), ...Object.fromEntries(files) };
}
