export interface Timed {
  readonly tookMs: number;
  readonly stdout: string;
}

export interface TimedOptions {
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A command that hangs must not hold up the whole suite. */
const longestMs = 180_000;

/** Runs a command and takes its time from the spawn to its end. @throws when it fails */
export async function timed(command: readonly string[], { cwd = "/", env }: TimedOptions): Promise<Timed> {
  const started = performance.now();
  const child = Bun.spawn({
    cmd: [...command],
    cwd,
    env: { ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: longestMs,
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const code = await child.exited;
  const tookMs = performance.now() - started;
  if (code !== 0)
    throw new Error(`${command.join(" ")} ended with ${code}\n${stdout.slice(-2_000)}${stderr.slice(-2_000)}`);
  return { tookMs, stdout };
}

/** Calls two functions in turn, so that whatever else the machine does meets both alike: A B A B … */
export async function inPairs(
  runs: number,
  a: (run: number) => Promise<number>,
  b: (run: number) => Promise<number>,
): Promise<readonly [a: number[], b: number[]]> {
  const results: [number[], number[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    results[0].push(await a(run));
    results[1].push(await b(run));
  }
  return results;
}
