import { KeyMap, type KeyPath, type Span } from "./key-map.ts";
import { TomlReader } from "./toml-reader.ts";

/** A table header or a `key = value` at the top level of a TOML text, without a comment after it. */
export interface Statement extends Span {
  readonly kind: "table" | "pair";
  readonly path: KeyPath;
}

export interface TomlScan {
  readonly keys: KeyMap;
  readonly statements: readonly Statement[];
}

/**
 * Finds where every key of a TOML document is written (TOML 1.0, and 1.1's newlines in inline tables). It relies on the
 * text having been parsed before, and doesn't check it again. Elements of arrays of tables have an index in their path.
 */
export function scanToml(text: string): TomlScan {
  const reader = new TomlReader(text);
  const keys = new KeyMap();
  const statements: Statement[] = [];
  const tables = new TableArrays();
  let current: KeyPath = [];
  for (reader.skipBlank(); !reader.done; reader.skipBlank()) {
    const start = reader.offset;
    if (reader.take("[")) {
      const isArray = reader.take("[");
      const name = readKey(reader);
      current = tables.enter(name, isArray, keys);
      reader.skipBlank();
      reader.take(isArray ? "]]" : "]");
      statements.push({ kind: "table", path: current, start, end: reader.offset });
    } else {
      const name = readKey(reader);
      const path = readPair(reader, keys, current, name);
      statements.push({ kind: "pair", path, start, end: reader.offset });
    }
  }
  return { keys, statements };
}

interface KeyPart extends Span {
  readonly name: string;
}

function readKey(reader: TomlReader): KeyPart[] {
  const parts: KeyPart[] = [];
  do {
    reader.skipSpace();
    const start = reader.offset;
    const name = reader.key();
    parts.push({ name, start, end: reader.offset });
    reader.skipSpace();
  } while (reader.take("."));
  return parts;
}

/** Reads `= value` after a key and notes the key, its dotted parents and whatever the value contains. */
function readPair(reader: TomlReader, keys: KeyMap, parent: KeyPath, name: readonly KeyPart[]): KeyPath {
  reader.take("=");
  reader.skipSpace();
  const path: (string | number)[] = [...parent];
  for (const part of name) {
    path.push(part.name);
    keys.add([...path], part, null);
  }
  const value = readValue(reader, keys, path);
  const last = name.at(-1);
  if (last !== undefined) keys.add(path, last, value);
  return path;
}

function readValue(reader: TomlReader, keys: KeyMap, path: KeyPath): Span {
  const start = reader.offset;
  if (reader.take("[")) readArray(reader, keys, path);
  else if (reader.take("{")) readInlineTable(reader, keys, path);
  else reader.skipScalar();
  return { start, end: reader.offset };
}

function readArray(reader: TomlReader, keys: KeyMap, path: KeyPath): void {
  reader.skipBlank();
  for (let index = 0; !reader.done && !reader.take("]"); index++) {
    const element = [...path, index];
    const span = readValue(reader, keys, element);
    keys.add(element, span, span);
    reader.skipBlank();
    reader.take(",");
    reader.skipBlank();
  }
}

function readInlineTable(reader: TomlReader, keys: KeyMap, path: KeyPath): void {
  reader.skipBlank();
  while (!reader.done && !reader.take("}")) {
    const name = readKey(reader);
    readPair(reader, keys, path, name);
    reader.skipBlank();
    reader.take(",");
    reader.skipBlank();
  }
}

/** Turns the name in a header into a path: `[[a]]` opens a new element of `a`, and `[a.b]` then lies in the newest one. */
class TableArrays {
  readonly #lengths = new Map<string, number>();

  enter(name: readonly KeyPart[], isArray: boolean, keys: KeyMap): KeyPath {
    let path: KeyPath = [];
    for (const [position, part] of name.entries()) {
      path = [...path, part.name];
      keys.add(path, part, null);
      const id = JSON.stringify(path);
      const length = this.#lengths.get(id);
      const opens = isArray && position === name.length - 1;
      if (!opens && length === undefined) continue;
      const index = opens ? (length ?? 0) : (length ?? 1) - 1;
      if (opens) this.#lengths.set(id, index + 1);
      path = [...path, index];
      keys.add(path, part, null);
    }
    return path;
  }
}
