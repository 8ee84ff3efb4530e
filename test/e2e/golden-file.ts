import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Compares a text with its golden file. `UPDATE_GOLDEN=1` rewrites the file instead; so does a first run, except where
 * `CI` is set, because a contract that nobody has looked at is none.
 */
export function expectGolden(name: string, text: string): void {
  const file = join(import.meta.dir, "golden", name);
  const update = process.env.UPDATE_GOLDEN === "1" || (!existsSync(file) && !process.env.CI);
  if (update) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(existsSync(file) ? readFileSync(file, "utf8") : `${file} is missing`);
}

/** A JSON document or NDJSON stream with everything that differs from run to run replaced by what it is. */
export function normalizedJson(stdout: string, root: string): string {
  const documents = stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.stringify(normalize(JSON.parse(line), root), undefined, 2));
  return `${documents.join("\n")}\n`;
}

function normalize(value: unknown, root: string, key = ""): unknown {
  if (key === "history") return "<history>";
  if (typeof value === "string") return normalizeText(value, root, key);
  if (typeof value === "number") return isVolatileNumber(key) ? `<${key}>` : value;
  if (Array.isArray(value)) return value.map((item) => normalize(item, root, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([field, item]) => [field, normalize(item, root, field)]));
}

function isVolatileNumber(key: string): boolean {
  return /(^|_)(pid|port|ms|bytes|percent|id|cause)$/.test(key) && key !== "log_bytes";
}

function normalizeText(text: string, root: string, key: string): string {
  if (["cursor", "commit", "version", "runtime", "platform", "revision", "checked", "from", "to"].includes(key))
    return `<${key}>`;
  if (key === "key" && /^[0-9a-f]{32}$/.test(text)) return "<key>";
  return (
    text
      .replaceAll(root, "<root>")
      .replaceAll(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z/g, "<time>")
      .replaceAll(/(?<=localhost|127\.0\.0\.1):\d+/g, ":<port>")
      .replaceAll(/\brevision [0-9a-f]{12}\b/g, "revision <revision>")
      .replaceAll(/\b(pid|port) \d+/g, "$1 <$1>")
      .replaceAll(/\bcap-[0-9a-f]{16}\b/g, "cap-<id>")
      .replaceAll(/\bsolo_cap_[A-Za-z0-9_-]{43}/g, "<token>")
      .replaceAll(/\b([a-z]+)-[0-9a-f]{6}\b/g, "$1-<id>")
      .replaceAll(/\b\d+(\.\d+)? [kMG]?B\b/g, "<size>")
      // Whether the machine's clock is kept right is the machine's business.
      .replace(/^(steady|synchronised|steady, not synchronised by NTP)$/, "<steady>")
      // Where in a line a thrown error points to is the runtime's business.
      .replaceAll(/(?<=^ +at .*:\d+):\d+$/g, ":<column>")
      .replaceAll(/^ +\^$/gm, "^")
  );
}
