/** The way to a value in a document: keys of tables and indices of arrays. */
export type KeyPath = readonly (string | number)[];

/** A stretch of the text, in UTF-16 offsets; `end` is just past it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where a key is written, and its value where that is written in one piece. */
export interface Entry {
  readonly path: KeyPath;
  readonly key: Span;
  readonly value: Span | null;
}

/** The places of all keys of a document. A key that is mentioned again, such as a table's parent, keeps its first place. */
export class KeyMap {
  readonly #entries = new Map<string, Entry>();

  add(path: KeyPath, key: Span, value: Span | null): void {
    const id = JSON.stringify(path);
    const known = this.#entries.get(id);
    if (known === undefined) this.#entries.set(id, { path, key, value });
    else if (known.value === null && value !== null) this.#entries.set(id, { ...known, value });
  }

  get(path: KeyPath): Entry | undefined {
    return this.#entries.get(JSON.stringify(path));
  }

  /** The entry of a path, or of its nearest ancestor that is written down. */
  closest(path: KeyPath): Entry | undefined {
    for (let length = path.length; length > 0; length--) {
      const entry = this.get(path.slice(0, length));
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  [Symbol.iterator](): IterableIterator<Entry> {
    return this.#entries.values();
  }
}

/** `service."my api".health.http`: keys that TOML would have to quote are quoted. */
export function formatKey(path: KeyPath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += `${text === "" ? "" : "."}${/^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part)}`;
  }
  return text;
}
