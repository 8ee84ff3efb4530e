import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { hostVariables, SoloError } from "../api/index.ts";
import { acquireLock, cleanEnvironment, freeDiskBytes, holderOf, type Lock } from "../system/index.ts";
import { clearBootError, kernelExit, readBootError } from "./guardian/index.ts";

export interface DaemonOptions {
  readonly dataDir: string;
  readonly socketPath: string;
  /** How to start the guardian: this binary, `__guardian` and the flags that the kernel is to get. */
  readonly guardianCommand: readonly string[];
  /** Until the kernel answers. */
  readonly timeoutMs: number;
}

export interface DaemonStart {
  /** The kernel's. */
  readonly pid: number;
  /** False when a kernel was running already. */
  readonly started: boolean;
}

/** Pauses between looks at the socket: a warm start takes some 60 ms, so the first looks are close together. */
const firstPauseMs = 2;
const longestPauseMs = 50;
/** Between attempts while another kernel holds the data folder. */
const lockedPauseMs = 200;
/** A kernel that accepts the connection answers at once; one that hangs must not hang the command. */
const answerMs = 2_000;

/**
 * Makes sure that a background kernel runs for a data folder, and waits until it answers. Of several callers at once one
 * starts it and all succeed. What an earlier daemon left behind (socket, pid, lock file) does no harm.
 * @throws SoloError the kernel's own error when it can't start; `timeout` when it doesn't answer in time (it may still)
 */
export async function startDaemon(options: DaemonOptions): Promise<DaemonStart> {
  const running = await askPid(options.socketPath);
  if (running !== undefined) return { pid: running, started: false };
  const { runDir, startLock } = prepareFolder(options.dataDir);
  const deadline = performance.now() + options.timeoutMs;
  let lock: Lock | undefined;
  let guardian: Bun.Subprocess | undefined;
  try {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const pid = await askPid(options.socketPath);
      if (pid !== undefined) return { pid, started: guardian !== undefined && guardian.exitCode === null };
      if (guardian === undefined) {
        // Whoever waits for the lock waits for the kernel that its holder starts.
        lock ??= acquireLock(startLock);
        if (lock) guardian = spawnGuardian(options, runDir);
      } else if (guardian.exitCode === kernelExit.locked) {
        // Another kernel has the data folder: one that will answer soon, or one that is about to stop.
        await Bun.sleep(lockedPauseMs);
        guardian = undefined;
      } else {
        throwIfFailed(guardian, runDir, options.dataDir);
      }
      if (performance.now() >= deadline) throw timeoutError(options);
      await Bun.sleep(pauseMs);
    }
  } finally {
    guardian?.unref();
    lock?.release();
  }
}

/** The pid of the kernel that answers on the socket; `undefined` when none does. */
async function askPid(socketPath: string): Promise<number | undefined> {
  try {
    const answer = await fetch("http://localhost/v1/health", {
      unix: socketPath,
      signal: AbortSignal.timeout(answerMs),
    });
    const health: unknown = await answer.json();
    if (typeof health !== "object" || health === null || !("pid" in health)) return undefined;
    return typeof health.pid === "number" ? health.pid : undefined;
  } catch {
    return undefined;
  }
}

function prepareFolder(dataDir: string): { runDir: string; startLock: string } {
  const runDir = join(dataDir, "run");
  try {
    mkdirSync(runDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SoloError("io_error", `${dataDir}: can't create the data folder (${reasonOf(error)})`, {
      hint: "give yourself write access to it, or choose another one with --data-dir",
      cause: error,
    });
  }
  return { runDir, startLock: join(runDir, "start.lock") };
}

function spawnGuardian({ guardianCommand }: DaemonOptions, runDir: string): Bun.Subprocess {
  clearBootError(runDir);
  try {
    return Bun.spawn([...guardianCommand], {
      cwd: "/",
      env: daemonEnvironment(),
      stdio: ["ignore", "ignore", "ignore"],
      // Its own session: no terminal's SIGHUP or Ctrl-C reaches it.
      detached: true,
    });
  } catch (error) {
    throw new SoloError("failed", `can't start the daemon: ${reasonOf(error)}`, {
      hint: "check that the solo binary is still in its place and executable",
      cause: error,
    });
  }
}

/**
 * What a daemon may know of the shell that happened to start it. Not the identity of an instance: a `solo` that is run by a
 * service would otherwise start a daemon that counts as one of the service's processes.
 */
function daemonEnvironment(): Record<string, string> {
  const identity = new Set<string>([...Object.values(hostVariables), "SOLO_CONTEXT"]);
  const kept = Object.entries(cleanEnvironment()).filter(([name]) => inherited.test(name) && !identity.has(name));
  return { ...Object.fromEntries(kept), BUN_CONFIG_MAX_HTTP_REQUESTS: maxHttpRequests };
}

const inherited =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.+|TZ|TMPDIR|XDG_.+|SOLO_.+|NO_PROXY|HTTPS?_PROXY)$/i;
/** With less a kernel can't even write down what it lacks. */
const leastDiskBytes = 65_536;
/** Requests a kernel may have in flight (probes and calls): the most that Bun takes, read only at the start of the process. */
const maxHttpRequests = "65535";

function throwIfFailed(guardian: Bun.Subprocess, runDir: string, dataDir: string): void {
  if (guardian.exitCode === null && guardian.signalCode === null) return;
  const document = readBootError(runDir);
  if (document !== undefined) throw SoloError.fromDocument(document);
  const free = freeDiskBytes(dataDir);
  if (free < leastDiskBytes) {
    throw new SoloError("storage_full", `${dataDir}: no space left to start a kernel in (${free} bytes)`, {
      hint: "free some space on this file system, or choose another folder with --data-dir",
    });
  }
  const how = guardian.signalCode ?? `exit code ${guardian.exitCode}`;
  throw new SoloError("failed", `the daemon ended at its start (${how})`, {
    hint: `see ${join(dataDir, "logs", "kernel.log")}, or start it with \`solo start --foreground\``,
  });
}

function timeoutError({ dataDir, socketPath, timeoutMs }: DaemonOptions): SoloError {
  const holder = holderOf(join(dataDir, "solo.lock"));
  const who = holder === undefined ? "the daemon" : `the kernel (pid ${holder})`;
  return new SoloError("timeout", `${who} did not answer on ${socketPath} within ${timeoutMs} ms`, {
    hint: `it may still be starting: see ${join(dataDir, "logs", "kernel.log")}, then \`solo health\``,
    applied: "unknown",
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
