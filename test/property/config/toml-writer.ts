import fc from "fast-check";

/** A document without what TOML can't hold or what reads back as something else. */
export interface Tree {
  [key: string]: Value;
}
export type Value = string | number | boolean | Value[] | Tree;

const key = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_-]{1,6}$/),
  fc.constantFrom("a.b", "with space", "", "#", "]", "=", '"', "'", "é", "a\nb", "\t", "🦊", "\\", "[[", "true", "1"),
);
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.constantFrom(
    "# none",
    "a = 1",
    "[t]",
    '"""',
    "'''",
    "\\",
    "\\n",
    "\n[x]\ny = 2\n",
    "a\r\nb",
    ",",
    "}",
    "]",
    '"',
    "'",
    "''",
  ),
);

export const treeArbitrary: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree; value: Value }>((tie) => ({
  tree: fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  value: fc.oneof(
    { maxDepth: 3, depthSize: "small", withCrossShrink: true },
    fc.oneof(text, fc.integer({ min: -1e9, max: 1e9 }), fc.boolean()),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(tie("tree"), { minLength: 1, maxLength: 3 }),
    tie("tree"),
  ),
})).tree;

type Path = readonly (string | number)[];

/** Writes a document as TOML in ways drawn from `choices`, and notes where it writes each key first. */
export class TomlWriter {
  text = "";
  readonly places = new Map<string, number>();
  readonly #choices: Iterator<number>;

  constructor(choices: Iterable<number>) {
    this.#choices = choices[Symbol.iterator]();
  }

  document(tree: Tree): void {
    this.#filler();
    this.#table(tree, []);
  }

  /** Pairs first, then tables: after a header there is no way back to the table above. */
  #table(tree: Tree, path: Path): void {
    const later: [Path, Tree | Tree[]][] = [];
    for (const [key, value] of Object.entries(tree)) {
      const inner = [...path, key];
      if (isTree(value) && this.#choose(3) > 0) later.push([inner, value]);
      else if (isTreeArray(value) && this.#choose(2) > 0) later.push([inner, value]);
      else this.#pair(path, [key], value);
    }
    for (const [inner, value] of later) {
      if (!Array.isArray(value)) this.#section(inner, value, "[", "]");
      else for (const [index, element] of value.entries()) this.#section([...inner, index], element, "[[", "]]");
    }
  }

  #section(path: Path, tree: Tree, open: string, close: string): void {
    this.#space();
    this.text += open;
    const names = path.filter((part) => typeof part === "string");
    let depth = 0;
    for (const [index, name] of names.entries()) {
      if (index > 0) this.#between(".");
      else this.#space();
      while (path[depth] !== name || typeof path[depth] === "number") depth++;
      const offset = this.text.length;
      this.#note(path.slice(0, ++depth), offset);
      this.#key(name);
      if (typeof path[depth] === "number") this.#note(path.slice(0, ++depth), offset);
    }
    this.#space();
    this.text += close;
    this.#endLine();
    this.#table(tree, path);
  }

  #pair(table: Path, names: readonly string[], value: Value): void {
    const [only, ...more] = isTree(value) ? Object.entries(value) : [];
    // A table with one key may be written `a.b = …`.
    if (only !== undefined && more.length === 0 && this.#choose(2) === 0) {
      this.#pair(table, [...names, only[0]], only[1]);
      return;
    }
    this.#space();
    this.#assignment(table, names, value);
    this.#endLine();
  }

  #assignment(table: Path, names: readonly string[], value: Value): void {
    for (const [index, name] of names.entries()) {
      if (index > 0) this.#between(".");
      this.#note([...table, ...names.slice(0, index + 1)], this.text.length);
      this.#key(name);
    }
    this.#between("=");
    this.#value(value, [...table, ...names]);
  }

  #value(value: Value, path: Path): void {
    if (Array.isArray(value)) {
      this.text += "[";
      for (const [index, element] of value.entries()) {
        this.#filler();
        this.#note([...path, index], this.text.length);
        this.#value(element, [...path, index]);
        this.#filler();
        if (index < value.length - 1 || this.#choose(2) === 0) this.text += ",";
      }
      this.#filler();
      this.text += "]";
    } else if (isTree(value)) {
      this.text += "{";
      for (const [index, [key, inner]] of Object.entries(value).entries()) {
        if (index > 0) this.text += ",";
        this.#space();
        this.#assignment(path, [key], inner);
      }
      this.#space();
      this.text += "}";
    } else if (typeof value === "string") this.#string(value);
    else this.text += String(value);
  }

  #key(name: string): void {
    if (/^[A-Za-z0-9_-]+$/.test(name) && this.#choose(2) === 0) this.text += name;
    else if (!/['\p{Cc}]/u.test(name) && this.#choose(2) === 0) this.text += `'${name}'`;
    else this.text += basic(name);
  }

  #string(value: string): void {
    const kind = this.#choose(4);
    const plain = !/(?!\n)\p{Cc}/u.test(value);
    if (kind === 0 && plain && !/['\n]/.test(value)) this.text += `'${value}'`;
    else if (kind === 1 && plain && !value.includes("'''")) this.text += `'''\n${value}'''`;
    else if (kind === 2 && plain) this.text += `"""\n${value.replaceAll("\\", "\\\\").replaceAll('"""', '""\\"')}"""`;
    else this.text += basic(value);
  }

  #between(mark: string): void {
    this.#space();
    this.text += mark;
    this.#space();
  }

  #space(): void {
    this.text += ["", " ", "\t", "  "][this.#choose(4)] ?? "";
  }

  #endLine(): void {
    this.text += ["\n", "\r\n", " # a = 1\n", ' # "\n'][this.#choose(4)] ?? "\n";
    this.#filler();
  }

  /** What may stand between lines, and in arrays between elements. */
  #filler(): void {
    this.text += ["", " ", "\n", "\n\n", "\t# [not] = a 'table'\n", '#"""\n'][this.#choose(6)] ?? "";
  }

  #note(path: Path, offset: number): void {
    const id = JSON.stringify(path);
    if (!this.places.has(id)) this.places.set(id, offset);
  }

  #choose(options: number): number {
    return Number(this.#choices.next().value ?? 0) % options;
  }
}

function isTree(value: Value): value is Tree {
  return typeof value === "object" && !Array.isArray(value);
}

function isTreeArray(value: Value): value is Tree[] {
  return Array.isArray(value) && value.length > 0 && value.every(isTree);
}

/** JSON's escapes are TOML's, except that TOML must escape DEL and has `\UXXXXXXXX` beside. */
function basic(value: string): string {
  return JSON.stringify(value).replaceAll("\u007F", "\\u007F").replaceAll("🦊", "\\U0001F98A");
}
