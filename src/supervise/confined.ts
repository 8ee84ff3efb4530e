import { closeSync } from "node:fs";
import type { SandboxRefusal, ServiceRef, ServiceSpec } from "../api/index.ts";
import { type ConfinedProgram, openPidfd, type ProcessIdentity, readStat, takeExit } from "../system/index.ts";
import type { ProcessExit } from "./restart-policy.ts";
import type { SuperviseRuntime } from "./runtime.ts";

/** Confines processes before they are executed. */
export interface SandboxPort {
  /**
   * What a new process of an instance is confined to.
   * @throws SoloError when the machine can't enforce what the service asks for
   */
  confine(instance: ConfinedInstance): Confinement;
  /** What lines of an instance's log say that its sandbox refused it; nothing without one. */
  refusals(instance: ConfinedInstance, lines: readonly string[]): readonly SandboxRefusal[];
  /** The instance is gone: its temporary folder goes too. */
  release(instance: string): void;
}

export interface ConfinedInstance {
  readonly ref: ServiceRef;
  readonly spec: ServiceSpec;
  readonly revision: string;
  readonly id: string;
  readonly port: number;
  readonly cwd: string;
  /** The program as it will be executed; the artifact's entry file (`source`, `wasm`). */
  readonly executable: string;
  readonly entry: string;
  /** Its standard streams, which a program may open again by name (`/dev/stdout`). */
  readonly streams: readonly string[];
  /** The folder of its secrets; null when it has none. */
  readonly secrets: string | null;
  /** The file of its token. */
  readonly token: string;
}

export interface Confinement {
  /** Variables that it gets, beneath those of the service's own: where its folders are. */
  readonly env: Readonly<Record<string, string>> & { readonly STATE_DIRECTORY: string };
  /** Starts the program, confined; answers with its pid. Throws what the system refuses. Absent: the service has no sandbox. */
  readonly spawn?: (program: ConfinedProgram) => number;
}

/** The guardian, or whoever reaps in its place, may have taken the status: its record is there within so long. */
const exitRecordWaitMs = 1_000;

/** How a child of this process ends that Bun does not know of. */
export function exitOfChild(runtime: SuperviseRuntime, pid: number): Promise<ProcessExit> {
  const pidfd = openPidfd(pid);
  const identity = { pid, startTime: readStat(pid)?.startTime ?? 0 };
  if (pidfd === undefined) return statusOf(runtime, identity);
  return new Promise((resolve) => {
    const watch = runtime.poller.watch(pidfd, () => {
      watch.close();
      closeSync(pidfd);
      resolve(statusOf(runtime, identity));
    });
  });
}

async function statusOf(runtime: SuperviseRuntime, identity: ProcessIdentity): Promise<ProcessExit> {
  const exit = takeExit(identity.pid);
  if (typeof exit === "string") return runtime.formerExit(identity, exitRecordWaitMs);
  return { code: exit.exit_code, signal: exit.signal, known: true };
}
