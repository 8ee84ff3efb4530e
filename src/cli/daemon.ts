import { type HealthDocument, type ShutdownResult, SoloError } from "../api/index.ts";
import type { Session } from "./session.ts";
import { stopWith } from "./stopping.ts";
import type { Interruption } from "./streams/interruption.ts";

/** What `solo start` prints. */
export interface KernelState {
  readonly state: "running";
  readonly pid: number;
  readonly version: string;
  /** False when it ran already. */
  readonly started: boolean;
  /** Null: the kernel is elsewhere. */
  readonly data_dir: string | null;
  readonly socket: string | null;
}

/** A shutdown's result; `pid` is null when no kernel ran. */
export type Stopped = Omit<ShutdownResult, "pid"> & { readonly pid: number | null };

/** Makes sure that this machine's daemon runs. */
export async function startBackground(session: Session): Promise<KernelState> {
  const kernel = await session.kernel();
  const before = await kernel.health({}).catch(onlyUnreachable);
  if (before) return stateOf(before, false, session);
  if (!session.isLocal) {
    throw new SoloError("unreachable", "the context's kernel is on another machine: it can't be started from here", {
      hint: "`--context local` means this machine's own kernel",
    });
  }
  await session.startDaemon();
  return stateOf(await kernel.health({}), true, session);
}

/** A kernel inside this process until it is interrupted or stopped through its socket. */
export async function runForeground(
  session: Session,
  interruption: Interruption,
  options: { readonly keepServices: boolean },
): Promise<void> {
  const { output, config } = session;
  const door = await session.door();
  const kernel = await door.openKernel({ config, flags: session.daemonFlags });
  await output.element(
    stateOf(await kernel.health({}), true, session),
    ({ pid, socket }) => `kernel ${pid} serves ${socket}`,
  );
  const interrupted = new Promise<void>((resolve) => interruption.signal.addEventListener("abort", () => resolve()));
  await Promise.race([interrupted, kernel.stopped]);
  if (interruption.signal.aborted)
    await output.note(options.keepServices ? "leaving services running" : "stopping services");
  await kernel.close(options);
  interruption.check();
}

/** Ends the kernel. When it died and left services running, those of every tenant are stopped without one. */
export function stopKernel(session: Session, keepServices: boolean): Promise<Stopped> {
  const request = { keep_services: keepServices };
  const nothing: Stopped = { state: "stopped", pid: null, kept: 0, stopped: 0, took_ms: 0 };
  return stopWith(
    session,
    async (kernel): Promise<Stopped> => gone(await kernel.shutdown(request), session),
    async (takeOver) => {
      const door = await session.door();
      const files = await door.openReadOnly(session.config);
      const hasProcesses = files.hasProcesses();
      files.close();
      let result = nothing;
      if (!keepServices && hasProcesses) {
        const { kernel, close } = await takeOver();
        try {
          result = { ...(await kernel.shutdown(request)), pid: null };
        } finally {
          await close();
        }
      }
      // One that waits before it starts the next kernel would bring everything back.
      if (!keepServices) await door.endGuardians(session.config);
      return result;
    },
  );
}

/** The kernel answers before its process ends; what follows `solo stop` in a script may rely on that end. */
async function gone(result: ShutdownResult, { isLocal }: Session): Promise<ShutdownResult> {
  const deadline = performance.now() + exitDeadlineMs;
  while (isLocal && isRunning(result.pid) && performance.now() < deadline) await Bun.sleep(5);
  return result;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function stateOf({ pid, version }: HealthDocument, started: boolean, { config, isLocal }: Session): KernelState {
  const { dataDir, socket } = config.paths;
  const place = isLocal ? { data_dir: dataDir, socket } : { data_dir: null, socket: null };
  return { state: "running", pid, version, started, ...place };
}

function onlyUnreachable(thrown: unknown): undefined {
  if (thrown instanceof SoloError && thrown.code === "unreachable") return undefined;
  throw thrown;
}

/** After its answer a kernel closes its database and sockets, which takes milliseconds. */
const exitDeadlineMs = 5_000;
