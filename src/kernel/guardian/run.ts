import { join } from "node:path";
import { childrenOf, ExitRecorder, pause, reapOrphans, setSubreaper } from "../../system/index.ts";
import { readBootError, writeBootError } from "./boot-error.ts";
import { appendDaemonLog, openDaemonLog } from "./daemon-log.ts";
import { FifoHolds } from "./fifo-holds.ts";
import { writeKernelEnd } from "./kernel-end.ts";
import { type KernelProcess, startKernel } from "./kernel-process.ts";
import { decideKernelRestart, type KernelEnd, newHistory } from "./kernel-restarts.ts";
import { type GuardianMessage, kernelExit } from "./protocol.ts";

export interface GuardianOptions {
  /** For exit records and the boot error. */
  readonly runDir: string;
  /** For the messages of guardian and kernel. */
  readonly logPath: string;
  /** How to start the kernel. */
  readonly kernelCommand: readonly string[];
}

/** How often a guardian without a kernel looks whether anything is left to look after. */
const lingerCheckMs = 500;

/**
 * The process above a background kernel. Starts it again when it crashes, reaps services whose kernel died and records how
 * they ended, and holds their output FIFOs open meanwhile. When the kernel has stopped for good it stays for as long as
 * services go on that need this. Resolves to the exit code: that of the kernel's last end.
 */
export async function runGuardian(options: GuardianOptions): Promise<number> {
  const { runDir, logPath } = options;
  const log = (message: string) => appendDaemonLog(logPath, `guardian: ${message}`);
  const stop = new AbortController();
  const leave = new AbortController();
  let kernel: KernelProcess | undefined;
  stayAlive(log, (signal) => {
    // Without a kernel to pass it to, the request is for the guardian itself.
    if (kernel === undefined) leave.abort();
    kernel?.signal(signal);
    stop.abort();
  });
  setSubreaper();
  const fifos = new FifoHolds();
  const exits = new ExitRecorder(join(runDir, "exits"));
  reapOrphans({ isOwn: (pid) => pid === kernel?.pid, graceMs: 0, onExit: (exit) => void exits.record(exit) });

  let history = newHistory;
  for (;;) {
    openDaemonLog(logPath, { redirectOutput: true }).close();
    let pid: number | undefined;
    const end = await runKernel(options.kernelCommand, log, fifos, (started) => {
      kernel = started;
      pid = started?.pid ?? pid;
    });
    if (pid !== undefined) {
      const time = new Date().toISOString();
      writeKernelEnd(runDir, { pid, exit_code: end.code, signal: end.signal ?? null, time });
    }
    if (stop.signal.aborted) return linger(fifos, leave.signal, end.code ?? kernelExit.ordered);
    const decision = decideKernelRestart(history, end);
    if (decision.action === "end") return linger(fifos, leave.signal, kernelExit.ordered);
    if (decision.action === "give_up") {
      log(`gives up: ${decision.reason}`);
      explain(runDir, decision.reason, logPath);
      return linger(fifos, leave.signal, end.code ?? 1);
    }
    history = decision.history;
    log(
      `the kernel ended with ${end.signal ?? end.code ?? "a signal"} after ${Math.round(end.ranMs)} ms, next one in ${decision.delayMs} ms`,
    );
    if (decision.delayMs > 0) await pause(decision.delayMs, stop.signal);
    if (stop.signal.aborted) return linger(fifos, leave.signal, kernelExit.ordered);
  }
}

async function runKernel(
  command: readonly string[],
  log: (message: string) => void,
  fifos: FifoHolds,
  onStart: (kernel: KernelProcess | undefined) => void,
): Promise<KernelEnd> {
  try {
    const kernel = startKernel(command, (message) => obey(fifos, message));
    onStart(kernel);
    log(`started kernel ${kernel.pid}`);
    const end = await kernel.ended;
    onStart(undefined);
    return end;
  } catch (error) {
    log(`can't start the kernel: ${error}`);
    return { code: null, ranMs: 0, wasReady: false };
  }
}

function obey(fifos: FifoHolds, message: GuardianMessage): void {
  if ("hold" in message) fifos.hold(message.hold);
  else if ("drop" in message) fifos.drop(message.drop);
  else if ("keep" in message) fifos.keep(message.keep);
}

/** Waits, reaping and holding, until no process and no writer of a FIFO is left. */
async function linger(fifos: FifoHolds, leave: AbortSignal, code: number): Promise<number> {
  while (childrenOf(process.pid).length > 0 || fifos.dropFinished() > 0) {
    if (leave.aborted) break;
    await pause(lingerCheckMs, leave);
  }
  return code;
}

/** The kernel says itself why it can't start, unless it crashed. */
function explain(runDir: string, reason: string, logPath: string): void {
  if (readBootError(runDir) !== undefined) return;
  const hint = `see ${logPath} for its last words`;
  writeBootError(runDir, {
    error: { code: "failed", message: reason, hint, retryable: false, applied: "no", exit: 1 },
  });
}

/** Nothing but SIGKILL ends a guardian: an error is logged, and signals that ask it to stop go to the kernel. */
function stayAlive(log: (message: string) => void, onStop: (signal: "SIGTERM" | "SIGINT") => void): void {
  for (const signal of ["SIGPIPE", "SIGHUP"] as const) process.on(signal, () => {});
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => onStop(signal));
  process.on("uncaughtException", (error) => log(`unexpected: ${error}`));
  process.on("unhandledRejection", (error) => log(`unexpected: ${error}`));
}
