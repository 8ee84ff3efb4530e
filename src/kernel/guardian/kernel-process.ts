import type { KernelEnd } from "./kernel-restarts.ts";
import { type GuardianMessage, parseGuardianMessage } from "./protocol.ts";

/** A kernel that this guardian started. */
export interface KernelProcess {
  readonly pid: number;
  readonly ended: Promise<KernelEnd>;
  signal(name: "SIGTERM" | "SIGINT"): void;
}

/**
 * Starts a kernel with an IPC channel; its output goes where the guardian's goes. Throws when it can't be started.
 * @param onMessage every well-formed message of the kernel
 */
export function startKernel(command: readonly string[], onMessage: (message: GuardianMessage) => void): KernelProcess {
  const started = performance.now();
  let wasReady = false;
  const child = Bun.spawn([...command], {
    cwd: "/",
    stdio: ["ignore", "inherit", "inherit"],
    serialization: "json",
    ipc(raw) {
      const message = parseGuardianMessage(raw);
      if (message === undefined) return;
      if ("ready" in message) wasReady = true;
      onMessage(message);
    },
  });
  return {
    pid: child.pid,
    ended: child.exited.then(() => {
      const { exitCode: code, signalCode } = child;
      const signal = signalCode === null ? null : String(signalCode);
      return { code, signal, ranMs: performance.now() - started, wasReady };
    }),
    signal(name) {
      try {
        child.kill(name);
      } catch {
        // It ended in this moment.
      }
    },
  };
}
