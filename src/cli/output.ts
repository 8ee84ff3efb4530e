import { writeAll } from "./write-all.ts";

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Results go to stdout, everything else to stderr, so that a pipe gets the result and nothing but the result. */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;

  constructor({ json, quiet }: OutputOptions) {
    this.json = json;
    this.quiet = quiet;
  }

  /** The one result of a command: as JSON, or as the text that `render` makes of the same data. */
  async result<T extends object>(document: T, render: (document: T) => string | Promise<string>): Promise<void> {
    const text = this.json ? JSON.stringify(document) : await render(document);
    if (text !== "") await writeAll(process.stdout, `${text}\n`);
  }

  /** One element of a stream: a line of NDJSON, or of text. */
  async element<T extends object>(document: T, render: (document: T) => string): Promise<void> {
    await writeAll(process.stdout, `${this.json ? JSON.stringify(document) : render(document)}\n`);
  }

  /** Progress and prose for people. */
  async note(text: string): Promise<void> {
    if (!this.quiet) await writeAll(process.stderr, `${text}\n`);
  }
}
