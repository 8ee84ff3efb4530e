import { noteElement } from "./streams/stream-failure.ts";
import { ReaderGone, writeAll, writeResult } from "./streams/write-all.ts";
import { type View, viewOf } from "./view.ts";

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Results go to stdout, everything else to stderr, so that a pipe gets the result and nothing but the result. */
export class Output {
  readonly json: boolean;
  readonly quiet: boolean;
  #view: Promise<View> | undefined;

  constructor({ json, quiet }: OutputOptions) {
    this.json = json;
    this.quiet = quiet;
  }

  /** The one result of a command: as JSON, or as the text that `render` makes of the same data. */
  async result<T extends object>(
    document: T,
    render: (document: T, view: View) => string | Promise<string>,
  ): Promise<void> {
    await this.#print(this.json ? JSON.stringify(document) : await render(document, await this.view()));
  }

  /** The one result of a command, which is JSON already. */
  async resultJson(text: string): Promise<void> {
    await this.#print(text);
  }

  async #print(text: string): Promise<void> {
    // Who does not wait for the result still gets the exit code.
    if (text !== "") await writeResult(`${text}\n`).catch(unlessGone);
  }

  /** One element of a stream: a line of NDJSON, or of text. Throws `ReaderGone` when nobody wants more. */
  async element<T extends object>(document: T, render: (document: T, view: View) => string): Promise<void> {
    const text = this.json ? JSON.stringify(document) : render(document, await this.view());
    await writeAll(process.stdout, `${text}\n`);
    if (this.json) noteElement(document);
  }

  /** Progress and prose for people: not worth failing for. */
  async note(text: string): Promise<void> {
    if (!this.quiet) await writeAll(process.stderr, `${text}\n`).catch(() => undefined);
  }

  /** A danger that nobody may miss, whatever else is kept quiet. */
  async warn(text: string): Promise<void> {
    await writeAll(process.stderr, `WARNING: ${text}\n`).catch(() => undefined);
  }

  /** How stdout shows text. */
  view(): Promise<View> {
    this.#view ??= viewOf(process.stdout);
    return this.#view;
  }
}

function unlessGone(thrown: unknown): void {
  if (!(thrown instanceof ReaderGone)) throw thrown;
}
