import { closeSync, constants, existsSync, mkdirSync, openSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { collectionTimer, hostVariables, isProgram, type ServiceSpec, SoloError } from "../api/index.ts";
import { type ConfinedProgram, makeFifo, openFifoBoth, readStat } from "../system/index.ts";
import { type ConfinedInstance, type Confinement, exitOfChild } from "./confined.ts";
import { expandPort, expandStateDirectory } from "./expand-port.ts";
import type { ProcessExit } from "./restart-policy.ts";
import type { LaunchPlan, LogCapture, SuperviseRuntime } from "./runtime.ts";

export interface LaunchIdentity {
  readonly id: string;
  readonly key: string;
  readonly port: number;
}

/** A running process, started here or taken over. */
export interface ProcessHandle {
  readonly pid: number;
  /** Clock ticks after boot (proc(5)), which tells two processes with one pid apart. */
  readonly startTime: number;
  readonly exited: Promise<ProcessExit>;
}

export interface OutputCaptures {
  readonly stdout: LogCapture | undefined;
  readonly stderr: LogCapture;
}

/**
 * Starts the process of an instance: its own session and process group, nothing on standard input, its output into two
 * FIFOs that outlive the kernel, and an environment of its own. A port agent has FIFOs for standard input and output that it
 * holds open at both ends by itself.
 *
 * @param options.waits whether it is a host that is told later what it is to run
 * @throws SoloError `start_failed` when the system refuses to execute the program, `limit_exceeded` when the kernel has all
 * the files open that it may
 */
export function launchProcess(
  runtime: SuperviseRuntime,
  plan: LaunchPlan,
  identity: LaunchIdentity,
  { waits = false }: { readonly waits?: boolean } = {},
): ProcessHandle {
  const command = commandLine(runtime, plan, identity.port, waits);
  const cwd = workingFolder(plan.spec);
  const opened: number[] = [];
  const keep = (fd: number) => opened[opened.push(fd) - 1] ?? fd;
  try {
    const secrets = runtime.secrets.deliver(plan.ref, plan.spec.secrets ?? [], identity.id);
    const token = runtime.tokens.issue(plan.ref, identity.id);
    const confinement = runtime.sandbox.confine(confinedInstance(runtime, plan, identity, secrets?.folder));
    const [out, err] = fifoPaths(runtime, identity.id);
    const isAgent = plan.spec.kind === "port";
    const [executable = "", ...args] = command;
    const inFolder = (text: string) => expandStateDirectory(text, confinement.env.STATE_DIRECTORY);
    return start(runtime, confinement, {
      command: [executable, ...args.map(inFolder)],
      env: {
        ...confinement.env,
        ...secrets?.env,
        ...mapValues(environment(runtime, plan, identity, { secrets: secrets?.folder, token, waits }), inFolder),
      },
      cwd,
      stdin: keep(
        isAgent ? openFifoBoth(inputPath(runtime, identity.id), { waits: true }) : openSync("/dev/null", "r"),
      ),
      stdout: keep(isAgent ? openFifoBoth(out, { waits: true }) : openSync(out, constants.O_WRONLY)),
      stderr: keep(openSync(err, constants.O_WRONLY)),
    });
  } catch (error) {
    throw error instanceof SoloError ? error : spawnError(command[0] ?? "", cwd, error);
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

/** What the sandbox must know of an instance. */
export function confinedInstance(
  runtime: SuperviseRuntime,
  plan: LaunchPlan,
  { id, port }: Pick<LaunchIdentity, "id" | "port">,
  secrets: string | null = null,
): ConfinedInstance {
  const { ref, spec, revision, entry } = plan;
  const [executable = ""] = commandLine(runtime, plan, port);
  const streams = [inputPath(runtime, id), ...fifoPaths(runtime, id)];
  const token = runtime.tokens.fileOf(id);
  return { ref, spec, revision, id, port, cwd: workingFolder(spec), executable, entry, streams, secrets, token };
}

function start(runtime: SuperviseRuntime, { spawn }: Confinement, program: ConfinedProgram): ProcessHandle {
  if (spawn !== undefined) {
    const pid = spawn(program);
    return { pid, startTime: readStat(pid)?.startTime ?? 0, exited: exitOfChild(runtime, pid) };
  }
  const { command, env, cwd, stdin, stdout, stderr } = program;
  const child = Bun.spawn({ cmd: [...command], env: { ...env }, cwd, stdin, stdout, stderr, detached: true });
  const exited = child.exited.then(() => ({
    code: child.exitCode,
    signal: child.signalCode === null ? null : String(child.signalCode),
    known: true,
  }));
  return { pid: child.pid, startTime: readStat(child.pid)?.startTime ?? 0, exited };
}

/**
 * Makes the FIFOs of an instance where they are missing and begins to read them.
 * @returns without `stdout` for a port agent, whose standard output is no text
 */
export function captureOutput(
  runtime: SuperviseRuntime,
  plan: LaunchPlan,
  id: string,
  onDenied: (() => void) | undefined,
): OutputCaptures {
  // Someone who tidied up may have removed the folder under a running kernel.
  mkdirSync(runtime.folders.fifos, { recursive: true, mode: 0o700 });
  const open = (stream: "stdout" | "stderr", fifo: string) => {
    makeFifo(fifo);
    const source = {
      ref: plan.ref,
      instance: id,
      stream,
      fifo,
      budgetBytes: plan.spec.log_bytes,
      ...(onDenied && { onDenied }),
    };
    const capture = runtime.logs.capture(source);
    runtime.guardian.hold(fifo);
    return capture;
  };
  const [out, err] = fifoPaths(runtime, id);
  const stdout = plan.spec.kind === "port" ? undefined : open("stdout", out);
  try {
    return { stdout, stderr: open("stderr", err) };
  } catch (error) {
    stdout?.close();
    throw error;
  }
}

/** Makes the FIFOs of an agent's frames anew: what an earlier process or its children left in them is nobody's. */
export function makeAgentFifos(runtime: SuperviseRuntime, id: string): void {
  mkdirSync(runtime.folders.fifos, { recursive: true, mode: 0o700 });
  for (const fifo of [inputPath(runtime, id), fifoPaths(runtime, id)[0]]) {
    rmSync(fifo, { force: true });
    makeFifo(fifo);
  }
}

/** The FIFO of a port agent's standard input. */
export function inputPath(runtime: SuperviseRuntime, id: string): string {
  return join(runtime.folders.fifos, `${id}.in`);
}

export function fifoPaths(runtime: SuperviseRuntime, id: string): readonly [stdout: string, stderr: string] {
  return [join(runtime.folders.fifos, `${id}.out`), join(runtime.folders.fifos, `${id}.err`)];
}

function mapValues(record: Readonly<Record<string, string>>, change: (text: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

function commandLine(runtime: SuperviseRuntime, plan: LaunchPlan, port: number, waits = false): string[] {
  if (isProgram(plan.spec.kind)) return plan.command.map((part) => expandPort(part, port));
  const what = waits ? ["early"] : [plan.spec.kind, plan.entry];
  return [...runtime.self, "__host", ...what, ...plan.spec.args.map((part) => expandPort(part, port))];
}

function environment(
  runtime: SuperviseRuntime,
  plan: LaunchPlan,
  identity: LaunchIdentity,
  { secrets, token, waits }: { readonly secrets: string | undefined; readonly token: string; readonly waits: boolean },
): Record<string, string> {
  const own = Object.entries(plan.spec.env).map(([name, value]) => [name, expandPort(value, identity.port)]);
  return {
    ...(!isProgram(plan.spec.kind) && { [collectionTimer.name]: collectionTimer.value }),
    ...Object.fromEntries(own),
    [hostVariables.service]: plan.ref.name,
    [hostVariables.tenant]: plan.ref.tenant,
    [hostVariables.instance]: identity.id,
    ...(!waits && { [hostVariables.revision]: plan.revision }),
    [hostVariables.port]: String(identity.port),
    [hostVariables.token]: token,
    ...(secrets !== undefined && { [hostVariables.secrets]: secrets }),
    ...(!isProgram(plan.spec.kind) && {
      [hostVariables.control]: runtime.controlSocket,
      [hostVariables.key]: identity.key,
      ...(plan.spec.state !== undefined && { [hostVariables.wait]: String(plan.spec.state.wait_ms) }),
      ...(plan.spec.kind === "wasm" && { [hostVariables.preopens]: JSON.stringify(plan.spec.preopens) }),
    }),
  };
}

/** Where a program finds the files beside its source: the folder it was deployed from, or that of the file. */
export function workingFolder({ cwd, path }: Pick<ServiceSpec, "cwd" | "path">): string {
  if (cwd !== undefined) return cwd;
  if (path === undefined) return "/";
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? path : dirname(path);
}

/** The system names the program, even when it is the working directory that is missing. */
function spawnError(executable: string, cwd: string, error: unknown): SoloError {
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return new SoloError("start_failed", `the working directory ${cwd} does not exist`, {
      hint: "make it, or deploy with another one",
      cause: error,
    });
  }
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && "code" in error && (error.code === "EMFILE" || error.code === "ENFILE")) {
    return new SoloError("limit_exceeded", `no open file is left for another instance: ${reason}`, {
      hint: "`solo stop --keep-services`, then `solo start` in a shell with a higher limit (`ulimit -n`)",
      cause: error,
    });
  }
  const isSolo = executable === process.execPath && !existsSync(executable);
  return new SoloError("start_failed", `${executable} can't be started: ${reason}`, {
    hint: isSolo
      ? "the kernel's own program is gone: `solo stop --keep-services`, then `solo start` has the present one go on"
      : "check that the program exists and that you may execute it",
    cause: error,
  });
}
