import { join } from "node:path";
import { readStat, signalProcess } from "../../../../src/system/index.ts";
import { until } from "../../../support/until.ts";

const fixtures = join(import.meta.dir, "fixtures");

/** Arguments that start the fixture guardian above the fixture kernel. */
export function guardianCommand(dataDir: string): string[] {
  const bun = process.execPath;
  return [bun, join(fixtures, "guardian.ts"), dataDir, bun, join(fixtures, "kernel.ts"), dataDir];
}

export function startFixtureGuardian(dataDir: string): Bun.Subprocess {
  return Bun.spawn(guardianCommand(dataDir), { stdio: ["ignore", "ignore", "ignore"], detached: true });
}

interface KernelAnswer {
  readonly pid: number;
  readonly guardian?: number;
  readonly env?: Record<string, string>;
}

/** What the fixture kernel answers; undefined while there is none. */
export async function ask(dataDir: string, path: string, body?: unknown): Promise<KernelAnswer | undefined> {
  try {
    const request = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const answer = await fetch(`http://localhost${path}`, { ...request, unix: join(dataDir, "solo.sock") });
    const document: KernelAnswer = await answer.json();
    return document;
  } catch {
    return undefined;
  }
}

/** The kernel once it answers, another one than `before`. */
export function kernelAfter(dataDir: string, before?: number): Promise<KernelAnswer> {
  return until("a kernel answers", async () => {
    const answer = await ask(dataDir, "/v1/health");
    return answer !== undefined && answer.pid !== before && answer;
  });
}

/** Kills exactly this process if it is there, and waits until it is gone. */
export async function end(pid: number | undefined): Promise<void> {
  const stat = pid === undefined ? undefined : readStat(pid);
  if (stat === undefined) return;
  signalProcess(stat, 9);
  await until(
    `${stat.pid} is gone`,
    () => readStat(stat.pid)?.startTime !== stat.startTime || readStat(stat.pid)?.state === "Z",
  );
}
