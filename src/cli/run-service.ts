import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DeployRequest, type LastExit, type ServiceStatus, SoloError } from "../api/index.ts";
import { loadConfig } from "../config/index.ts";
import type { ForegroundKernel } from "./doors/kernel.ts";
import { Output } from "./output.ts";
import { RunOutput, type RunTarget } from "./run-output.ts";
import { remarksOn, suggestSandbox } from "./sandbox-suggestion.ts";
import type { Session } from "./session.ts";
import { followProgress } from "./streams/follow-progress.ts";
import type { Interruption } from "./streams/interruption.ts";

export interface RunRequest {
  readonly services: Pick<DeployRequest, "services" | "groups">;
  readonly name: string;
  /** Kept for later runs; a temporary one, removed at the end, when undefined. */
  readonly dataDir: string | undefined;
}

/**
 * Runs one service in a kernel inside this process, shows its output as it comes, and returns the service's own exit code
 * (128 + the number of the signal that ended it). An interruption stops the service in order first, and so does the leash
 * when this process is killed.
 */
export async function runService(request: RunRequest, session: Session, interruption: Interruption): Promise<number> {
  const temporary = request.dataDir === undefined ? mkdtempSync(join(tmpdir(), "solo-run-")) : undefined;
  try {
    const config = await loadConfig({
      cwd: process.cwd(),
      env: process.env,
      flags: {
        "data-dir": request.dataDir ?? temporary,
        "ingress-port": String(freePort()),
        "http-port": "off",
        "listen-port": "off",
        "metrics-port": "off",
        "dns-port": "off",
        tenant: session.tenant,
      },
    });
    const door = await session.door();
    const kernel = await door.openKernel({ config, flags: [] });
    const leash = door.leash(config, temporary === undefined ? "kept" : "temporary");
    try {
      return await superviseRun(kernel, request, session, interruption);
    } finally {
      await kernel.close();
      await leash.release();
    }
  } finally {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  }
}

async function superviseRun(
  kernel: ForegroundKernel,
  { services, name }: RunRequest,
  session: Session,
  interruption: Interruption,
): Promise<number> {
  const target = { tenant: session.tenant, name };
  const logs = new RunOutput(kernel, target, session.output);
  const progress = kernel.deploy(
    { ...services, tenant: session.tenant, timeout_ms: session.timeoutMs },
    interruption.signal,
  );
  logs.follow();
  let failure: unknown;
  try {
    // Its phases are of no interest here; only what the service prints is.
    await followProgress(progress, new Output({ json: session.output.json, quiet: true }), interruption);
    await finished(kernel, target, AbortSignal.any([interruption.signal, logs.gone]));
  } catch (thrown) {
    failure = thrown;
  }
  const status = await kernel.status(target).catch(() => undefined);
  const isLeft = interruption.signal.aborted || logs.gone.aborted;
  if (isLeft) await kernel.kill(target).catch(() => undefined);
  // The kernel tells an end once all that the process wrote is in the log.
  await logs.finish();
  if (services.services[0]?.spec.sandbox?.mode === "audit") await suggest(kernel, target, session.output);
  interruption.check();
  logs.check();
  if (logs.gone.aborted) return 0;
  // A program that ended by itself is told by its exit code; everything else that went wrong by the error.
  const exit = status?.last_exit;
  if (exit?.known && isOver(status)) return report(exit, session.output);
  if (failure instanceof SoloError && failure.code === "timeout") throw tooSlow(name, session.timeoutMs);
  if (failure !== undefined) throw failure;
  throw new SoloError("failed", `how ${name} ended could not be learnt`, {
    hint: "`solo doctor` tells what is missing",
  });
}

/** What a service in audit mode used is known now, and nobody can ask for it later. */
async function suggest(kernel: ForegroundKernel, target: RunTarget, output: Output): Promise<void> {
  const document = await kernel.sandbox(target).catch(() => undefined);
  if (document === undefined) return;
  const suggestion = suggestSandbox(document);
  if (output.json) {
    await output.element({ type: "suggestion", time: new Date().toISOString(), ...suggestion }, () => "");
    return;
  }
  for (const line of [suggestion.toml, ...remarksOn(suggestion)]) await output.note(line);
}

/** Unlike a deploy, a run does not go on in the background. */
function tooSlow(name: string, timeoutMs: number): SoloError {
  return new SoloError("start_failed", `${name} was not ready within ${timeoutMs} ms, and was stopped`, {
    hint: "`--timeout` waits longer",
  });
}

/**
 * Resolves when no instance is left that runs or will be started again. Looks, instead of waiting for an event: the last
 * event of a process may come before the kernel has seen to its output and called it over.
 */
async function finished(kernel: ForegroundKernel, target: RunTarget, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !isOver(await kernel.status(target))) await Bun.sleep(pollMs);
}

function isOver(status: ServiceStatus | undefined): boolean {
  return status?.state === "completed" || status?.state === "failed" || status?.state === "stopped";
}

async function report({ exit_code, signal, instance, reason }: LastExit, output: Output): Promise<number> {
  const code = exit_code ?? 128 + (signalNumbers[signal ?? ""] ?? 0);
  if (output.json) {
    await output.element(
      { type: "exit", time: new Date().toISOString(), instance, exit_code, signal, reason },
      () => "",
    );
  }
  return code;
}

/** A port that nobody listens on: a run's ingress must not be in the way of a daemon's. */
function freePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  server.stop(true);
  return server.port;
}

const signalNumbers: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
};
/** Between two looks at a service that runs: each costs a fraction of a millisecond. */
const pollMs = 20;
