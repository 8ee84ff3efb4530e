import { KeyMap, type KeyPath, type Span } from "./key-map.ts";

/** Where a text stops being JSON, and why. */
export class JsonSyntaxError extends Error {
  override readonly name = "JsonSyntaxError";

  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

/** Deepest nesting that is read; a configuration has less than ten. */
const maxDepth = 100;

/**
 * Finds where every key of a JSON document is written (RFC 8259).
 * @throws JsonSyntaxError at the first character that JSON doesn't allow, and at a key that an object holds twice.
 */
export function scanJson(text: string): KeyMap {
  const keys = new KeyMap();
  const scanner = new JsonScanner(text, keys);
  scanner.document();
  return keys;
}

class JsonScanner {
  #offset = 0;

  constructor(
    private readonly text: string,
    private readonly keys: KeyMap,
  ) {}

  document(): void {
    this.#blank();
    this.#value([]);
    this.#blank();
    if (this.#offset < this.text.length) this.#fail("unexpected text after the document");
  }

  #value(path: KeyPath): Span {
    if (path.length > maxDepth) this.#fail(`nested deeper than ${maxDepth} levels`);
    const start = this.#offset;
    if (this.#take("{")) this.#members(path);
    else if (this.#take("[")) this.#elements(path);
    else if (this.text.charAt(start) === '"') this.#string();
    else if (!this.#match(/true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y))
      this.#fail("expected a value");
    return { start, end: this.#offset };
  }

  #members(path: KeyPath): void {
    const seen = new Set<string>();
    this.#blank();
    if (this.#take("}")) return;
    do {
      this.#blank();
      const start = this.#offset;
      const name = this.#string();
      const key = { start, end: this.#offset };
      if (seen.has(name)) this.#fail(`the key ${JSON.stringify(name)} is there twice`, start);
      if (name === "__proto__" || name === "constructor")
        this.#fail(`the key ${JSON.stringify(name)} is reserved`, start);
      seen.add(name);
      this.#blank();
      this.#expect(":");
      this.#blank();
      const member = [...path, name];
      this.keys.add(member, key, this.#value(member));
      this.#blank();
    } while (this.#take(","));
    this.#expect("}");
  }

  #elements(path: KeyPath): void {
    this.#blank();
    if (this.#take("]")) return;
    let index = 0;
    do {
      this.#blank();
      const element = [...path, index++];
      const span = this.#value(element);
      this.keys.add(element, span, span);
      this.#blank();
    } while (this.#take(","));
    this.#expect("]");
  }

  #string(): string {
    const start = this.#offset;
    if (!this.#match(/"(?:[^"\\\u0000-\u001F]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*"/y)) this.#fail("expected a string");
    return String(JSON.parse(this.text.slice(start, this.#offset)));
  }

  #blank(): void {
    this.#match(/[ \t\r\n]+/y);
  }

  #expect(token: string): void {
    if (!this.#take(token)) this.#fail(`expected "${token}"`);
  }

  #take(token: string): boolean {
    if (!this.text.startsWith(token, this.#offset)) return false;
    this.#offset += token.length;
    return true;
  }

  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.#offset;
    const found = pattern.exec(this.text);
    this.#offset += found?.[0].length ?? 0;
    return found !== null;
  }

  #fail(message: string, offset = this.#offset): never {
    throw new JsonSyntaxError(message, offset);
  }
}
