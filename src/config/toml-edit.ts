import type { KeyPath } from "./scan/key-map.ts";
import { type Statement, scanToml } from "./scan/toml.ts";

/** Small changes to a TOML text that leave everything else in it as its author wrote it. The text must be valid. */

/** Sets `[table] key = value`, in its place if it has one. `value` is TOML. */
export function setKey(text: string, table: string, key: string, value: string): string {
  const { keys, statements } = scanToml(text);
  const span = keys.get([table, key])?.value;
  if (span) return text.slice(0, span.start) + value + text.slice(span.end);
  const header = statements.find(({ kind, path }) => kind === "table" && path.length === 1 && path[0] === table);
  const line = `${key} = ${value}${newlineOf(text)}`;
  if (header === undefined) return appendTable(text, [table], [[key, value]]);
  const end = endOfLine(text, header.end);
  const before = text.slice(0, end);
  return `${before}${before.endsWith("\n") ? "" : newlineOf(text)}${line}${text.slice(end)}`;
}

/** Adds a table at the end of the text. The values are TOML. */
export function appendTable(
  text: string,
  path: readonly string[],
  pairs: readonly (readonly [key: string, value: string])[],
): string {
  const newline = newlineOf(text);
  const gap = text === "" ? "" : text.endsWith("\n") ? newline : newline + newline;
  const lines = [`[${path.join(".")}]`, ...pairs.map(([key, value]) => `${key} = ${value}`)];
  return `${text}${gap}${lines.join(newline)}${newline}`;
}

/** Removes a table or key: its lines from the first to the last, with the comments between them but none around them. */
export function removeKey(text: string, path: KeyPath): string {
  const { statements } = scanToml(text);
  let result = text;
  for (const { start, end } of runsUnder(statements, path).reverse()) {
    const from = result.lastIndexOf("\n", start - 1) + 1;
    let to = endOfLine(result, end);
    // One of the two blank lines that would meet goes too.
    const blankBefore = from === 0 || /\n[ \t\r]*\n$/.test(result.slice(0, from));
    const blankAfter = /^[ \t]*\r?\n/.exec(result.slice(to));
    if (blankBefore && blankAfter) to += blankAfter[0].length;
    result = result.slice(0, from) + result.slice(to);
  }
  return result;
}

interface Run {
  readonly start: number;
  end: number;
}

/** Statements about a path, those next to one another joined. */
function runsUnder(statements: readonly Statement[], path: KeyPath): Run[] {
  const runs: Run[] = [];
  let open = false;
  for (const statement of statements) {
    const inside = path.every((part, index) => statement.path[index] === part);
    const last = runs.at(-1);
    if (inside && open && last !== undefined) last.end = statement.end;
    else if (inside) runs.push({ start: statement.start, end: statement.end });
    open = inside;
  }
  return runs;
}

/** Just past the newline that ends the line of an offset. */
function endOfLine(text: string, offset: number): number {
  const newline = text.indexOf("\n", offset);
  return newline < 0 ? text.length : newline + 1;
}

function newlineOf(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}
