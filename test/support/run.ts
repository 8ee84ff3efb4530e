import type { z } from "zod";

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Standard input; empty by default. */
  readonly input?: string;
  /** Default 60 s; then the command is killed and the test fails. */
  readonly timeoutMs?: number;
}

/** What a command printed, and how it ended. */
export class RunResult {
  constructor(
    readonly args: readonly string[],
    readonly stdout: string,
    readonly stderr: string,
    /** 128 + the signal's number when one ended it, as in a shell. */
    readonly code: number,
  ) {}

  /** The one JSON document on stdout. */
  json(): unknown;
  /** The same, checked by a schema. */
  json<Schema extends z.ZodType>(schema: Schema): z.output<Schema>;
  json(schema?: z.ZodType): unknown {
    const value = this.#parse(this.stdout);
    return schema === undefined ? value : schema.parse(value);
  }

  /** The documents of an NDJSON stream. */
  lines(): unknown[] {
    return this.stdout.split("\n").flatMap((line) => (line === "" ? [] : [this.#parse(line)]));
  }

  /** This result, if the command ended with a code (default 0); else an error that shows what it said. */
  expect(code = 0): this {
    if (this.code === code) return this;
    throw new Error(`solo ${this.args.join(" ")} ended with ${this.code}, not ${code}\n${this.stdout}${this.stderr}`);
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw new Error(`solo ${this.args.join(" ")} printed no JSON, but: ${text}\n${this.stderr}`);
    }
  }
}

/** Runs a program to its end. */
export async function runProgram(command: readonly string[], options: Required<RunOptions>): Promise<RunResult> {
  const { cwd, env, input, timeoutMs } = options;
  const child = Bun.spawn({
    cmd: [...command],
    cwd,
    env: { ...env },
    stdin: Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const started = performance.now();
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  await child.exited;
  clearTimeout(timer);
  const args = command.slice(1);
  if (performance.now() - started >= timeoutMs) {
    throw new Error(`solo ${args.join(" ")} was still running after ${timeoutMs} ms\n${stdout}${stderr}`);
  }
  return new RunResult(args, stdout, stderr, child.exitCode ?? 128 + signalNumber(child.signalCode));
}

const signals: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

function signalNumber(signal: string | number | null): number {
  return typeof signal === "number" ? signal : ((signal === null ? undefined : signals[signal]) ?? 0);
}
