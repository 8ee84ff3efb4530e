import { waitFor } from "./wait-for.ts";

/** A command that keeps running, such as `logs -f` or `start --foreground`. */
export class Following {
  /** Everything it printed so far. */
  stdout = "";
  stderr = "";
  readonly pid: number;
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #read: Promise<unknown>;

  constructor(
    command: readonly string[],
    options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
  ) {
    const { cwd, env } = options;
    this.#child = Bun.spawn({
      cmd: [...command],
      cwd,
      env: { ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.pid = this.#child.pid;
    this.#read = Promise.all([
      this.#collect(this.#child.stdout, (text) => (this.stdout += text)),
      this.#collect(this.#child.stderr, (text) => (this.stderr += text)),
    ]);
  }

  /** The complete lines on stdout so far. */
  get lines(): string[] {
    return this.stdout.split("\n").slice(0, -1);
  }

  /** Waits for a line on stdout or stderr that matches, and returns it. */
  async line(pattern: RegExp, deadlineMs = 10_000): Promise<string> {
    const find = () => `${this.stdout}\n${this.stderr}`.split("\n").find((line) => pattern.test(line));
    return waitFor(find, { what: `a line like ${pattern}; so far:\n${this.stdout}${this.stderr}`, deadlineMs });
  }

  get exited(): Promise<number> {
    return this.#child.exited;
  }

  /** Sends a signal and waits for the end; returns the exit code. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    const code = await this.#child.exited;
    await this.#read;
    return code;
  }

  async #collect(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) add(decoder.decode(chunk, { stream: true }));
  }
}
