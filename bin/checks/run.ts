/** How many things a step checked. */
export interface Result {
  readonly passed: number;
  readonly failed: number;
}

/** Longest that one step may take, in milliseconds: something that hangs must fail before the machine that waits gives up. */
const stepDeadlineMs = 45 * 60_000;

/** Runs a program that is one check. What it prints is shown when it fails. */
export async function checkProgram(command: readonly string[]): Promise<Result> {
  const { code, output } = await runProgram(command);
  if (code === 0) return { passed: 1, failed: 0 };
  console.log(`$ ${command.join(" ")}\n${output}`);
  return { passed: 0, failed: 1 };
}

/** Runs a program to its end and keeps what it prints. */
export async function runProgram(command: readonly string[]): Promise<{ code: number; output: string }> {
  const child = Bun.spawn({
    cmd: [...command],
    env: cleanEnvironment(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: stepDeadlineMs,
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, output: `${stdout}${stderr}` };
}

/** Runs a program that shows what it does; returns its exit code. */
export async function showProgram(command: readonly string[], deadlineMs = stepDeadlineMs): Promise<number> {
  return await Bun.spawn({
    cmd: [...command],
    env: cleanEnvironment(),
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    timeout: deadlineMs,
  }).exited;
}

/** The environment without the tester's own settings for Solo, which would change what is tested. */
function cleanEnvironment(): Record<string, string | undefined> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("SOLO_") || name === "SOLO_BINARY");
  return Object.fromEntries(own);
}
