import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { parse as parseToml, TomlError } from "smol-toml";
import { SoloError } from "../api/error.ts";
import { type Place, placeAt } from "./place.ts";
import { type Problem, problemsError } from "./problem.ts";
import { JsonSyntaxError, scanJson } from "./scan/json.ts";
import { formatKey, type KeyMap, type KeyPath } from "./scan/key-map.ts";
import { scanToml } from "./scan/toml.ts";

/** Largest configuration file that is read, in bytes: more than any real one, little enough to refuse a wrong file fast. */
const maxFileBytes = 4_000_000;

/**
 * Reads and parses a configuration file: JSON when its name ends with `.json`, else TOML. `name` is what messages call it.
 * @throws SoloError `invalid_config` with the place of a syntax error, `file_not_found`
 */
export function readDocument(path: string, name = path): ConfigDocument {
  const document = tryReadDocument(path, name);
  if (document instanceof ConfigDocument) return document;
  throw problemsError([document]);
}

/** The same, with a syntax error as a value. */
export function tryReadDocument(path: string, name = path): ConfigDocument | Problem {
  const text = decode(readBytes(path, name), name);
  return typeof text === "string" ? tryParseDocument(text, name) : text;
}

/** Parses a configuration text; a syntax error is a value. */
export function tryParseDocument(text: string, name: string): ConfigDocument | Problem {
  const isJson = extname(name).toLowerCase() === ".json";
  return isJson ? parseJsonDocument(text, name) : parseTomlDocument(text, name);
}

/** A parsed configuration file that knows where everything in it is written. */
export class ConfigDocument {
  constructor(
    readonly name: string,
    readonly text: string,
    readonly format: "toml" | "json",
    readonly value: Readonly<Record<string, unknown>>,
    private readonly keys: KeyMap,
  ) {}

  /** Where a key is written, or the nearest table around it that is. */
  keyPlace(path: KeyPath): Place {
    return placeAt(this.name, this.text, this.keys.closest(path)?.key.start ?? 0);
  }

  /** Where a key's value is written; the key itself when its value is a table in several places. */
  valuePlace(path: KeyPath): Place {
    const entry = this.keys.closest(path);
    return placeAt(this.name, this.text, entry?.value?.start ?? entry?.key.start ?? 0);
  }

  /** A problem with the value of a key, or with the key itself. */
  problem(
    path: KeyPath,
    message: string,
    options: { readonly hint?: string; readonly at?: "key" | "value" } = {},
  ): Problem {
    const place = options.at === "key" ? this.keyPlace(path) : this.valuePlace(path);
    return { ...place, key: formatKey(path), message, hint: options.hint ?? null };
  }
}

function parseTomlDocument(text: string, name: string): ConfigDocument | Problem {
  try {
    const value = parseToml(text, { unsafeKeyBehaviour: "throw" });
    return new ConfigDocument(name, text, "toml", value, scanToml(text).keys);
  } catch (thrown) {
    if (!(thrown instanceof TomlError)) throw thrown;
    const reason = thrown.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "") ?? "";
    return wholeProblem({ file: name, line: thrown.line, column: thrown.column }, `not valid TOML: ${reason}`);
  }
}

function parseJsonDocument(text: string, name: string): ConfigDocument | Problem {
  try {
    const keys = scanJson(text);
    const value: unknown = JSON.parse(text);
    if (isTable(value)) return new ConfigDocument(name, text, "json", value, keys);
    throw new JsonSyntaxError("expected an object", text.search(/\S/));
  } catch (thrown) {
    if (!(thrown instanceof JsonSyntaxError)) throw thrown;
    return wholeProblem(placeAt(name, text, thrown.offset), `not valid JSON: ${thrown.message}`);
  }
}

function decode(bytes: Uint8Array, name: string): string | Problem {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const place = placeAt(name, text, Math.max(0, text.indexOf("\uFFFD")));
    return wholeProblem(place, "not valid UTF-8", "save the file as UTF-8");
  }
}

function wholeProblem(place: Place, message: string, hint: string | null = null): Problem {
  return { ...place, key: "", message, hint };
}

/** Whether a parsed value is a table (TOML) or object (JSON). */
export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function readBytes(path: string, name: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw unreadable(path, name, cause);
  }
  if (bytes.length <= maxFileBytes) return bytes;
  const message = `the configuration file ${name} has ${bytes.length} bytes, more than the ${maxFileBytes} that are read`;
  throw new SoloError("invalid_config", message, { hint: "check the path" });
}

function unreadable(path: string, name: string, cause: unknown): SoloError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  const why =
    { ENOENT: "does not exist", EISDIR: "is a folder", EACCES: "may not be read" }[code] ?? `can't be read: ${code}`;
  const hint =
    code === "EACCES" ? `check its permissions: ls -l ${path}` : "check the path; `solo config init` writes a new file";
  return new SoloError(
    code === "ENOENT" ? "file_not_found" : "invalid_config",
    `the configuration file ${name} ${why}`,
    { hint, cause },
  );
}
