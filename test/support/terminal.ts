import { waitFor } from "./wait-for.ts";

export interface TerminalOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly columns?: number;
  readonly rows?: number;
}

/** A program on a terminal of its own, as if someone sat at it. It is killed with the test. */
export class Terminal implements AsyncDisposable {
  /** Everything written so far, control sequences included. */
  output = "";
  readonly #child: Bun.Subprocess;

  constructor(command: readonly string[], { cwd, env, columns = 80, rows = 24 }: TerminalOptions) {
    const decoder = new TextDecoder();
    this.#child = Bun.spawn([...command], {
      cwd,
      env: { ...env },
      terminal: {
        cols: columns,
        rows,
        data: (_, bytes) => {
          this.output += decoder.decode(bytes, { stream: true });
        },
      },
    });
  }

  type(keys: string): void {
    this.#child.terminal?.write(keys);
  }

  /** Waits until something was written. */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    try {
      return await waitFor(() => pattern.exec(this.output), { what: String(pattern) });
    } catch {
      throw new Error(`${pattern} did not appear, but ${JSON.stringify(this.output)}`);
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  get exited(): Promise<number> {
    return this.#child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill("SIGKILL");
    await this.#child.exited;
    this.#child.terminal?.close();
  }
}
