/** Moves over the tokens of a TOML text that is known to be valid. Never fails and always moves on. */
export class TomlReader {
  #offset = 0;

  constructor(private readonly text: string) {
    if (text.startsWith("\uFEFF")) this.#offset = 1;
  }

  get offset(): number {
    return this.#offset;
  }

  get done(): boolean {
    return this.#offset >= this.text.length;
  }

  /** Steps over a token if it comes next. */
  take(token: string): boolean {
    if (!this.text.startsWith(token, this.#offset)) return false;
    this.#offset += token.length;
    return true;
  }

  skipSpace(): void {
    this.#skip(/[ \t]*/y);
  }

  /** Spaces, newlines and comments. */
  skipBlank(): void {
    this.#skip(/(?:[ \t\r\n]+|#[^\n]*)*/y);
  }

  /** One part of a key: bare, `"quoted"` or `'literal'`. */
  key(): string {
    const start = this.#offset;
    if (this.take('"')) return unescapeToml(this.#upToQuote('"'));
    if (this.take("'")) return this.#upToQuote("'");
    this.#skip(/[^\s.=[\]{}"',#]+/y);
    if (this.#offset === start) this.#offset++;
    return this.text.slice(start, this.#offset);
  }

  /** A string of any of the four kinds, a number, a boolean or a date. */
  skipScalar(): void {
    const start = this.#offset;
    if (this.take('"""')) this.#skipMultiline('"""');
    else if (this.take("'''")) this.#skipMultiline("'''");
    else if (this.take('"')) this.#upToQuote('"');
    else if (this.take("'")) this.#upToQuote("'");
    else {
      // A date may hold a space before its time, so the value ends at the last character that is none.
      this.#skip(/[^,\]}#\r\n]*/y);
      while (this.#offset > start && /[ \t]/.test(this.text.charAt(this.#offset - 1))) this.#offset--;
    }
    if (this.#offset === start) this.#offset++;
  }

  /** What lies before the closing quote, which is stepped over. */
  #upToQuote(quote: '"' | "'"): string {
    const start = this.#offset;
    this.#skip(quote === '"' ? /(?:[^"\\]|\\.)*/sy : /[^']*/y);
    const body = this.text.slice(start, this.#offset);
    this.take(quote);
    return body;
  }

  #skipMultiline(quotes: '"""' | "'''"): void {
    this.#skip(quotes === '"""' ? /(?:[^"\\]|\\.|"(?!""))*/sy : /(?:[^']|'(?!''))*/y);
    this.take(quotes);
    // The string may end with one or two quotes of its own before the closing three.
    for (let own = 0; own < 2; own++) this.take(quotes.charAt(0));
  }

  #skip(pattern: RegExp): void {
    pattern.lastIndex = this.#offset;
    this.#offset += pattern.exec(this.text)?.[0].length ?? 0;
  }
}

const escapes: Readonly<Record<string, string>> = { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r", e: "\u001B" };

function unescapeToml(body: string): string {
  return body.replace(/\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|(.))/gs, (_, u, U, x, single) => {
    const digits: unknown = u ?? U ?? x;
    if (typeof digits === "string") return String.fromCodePoint(Number.parseInt(digits, 16));
    return escapes[String(single)] ?? String(single);
  });
}
