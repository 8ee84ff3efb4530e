import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  isProgram,
  refusesNothing,
  type SandboxRefusal,
  type SandboxSpec,
  type ServiceRef,
  type ServiceSpec,
  SoloError,
} from "../../api/index.ts";
import {
  type ConfinedProgram,
  ConfineError,
  type ControlGroup,
  ControlGroups,
  cleanEnvironment,
  denyFilter,
  endedBeforeThis,
  landlockSupport,
  mechanisms,
  type ResourceLimit,
  Ruleset,
  spawnConfined,
} from "../../system/index.ts";
import { foldersAbove, type Recorder, type Recorders } from "../learning/index.ts";
import { checkSandbox } from "./check.ts";
import { keptCapabilities } from "./defaults.ts";
import { ownFolderAt, resolved, type SandboxPlace } from "./place.ts";
import { type PathGrant, policyOf, type SandboxPolicy, type SandboxSubject } from "./policy.ts";
import { refusalsIn } from "./refusals.ts";

/** What is known of an instance whose process is about to be started. */
export interface SandboxInstance extends Omit<SandboxSubject, "temporary" | "files"> {
  readonly id: string;
  readonly ref: ServiceRef;
  readonly revision: string;
}

type OwnFolders = Record<string, string> & { readonly STATE_DIRECTORY: string };

/** Starts the processes of services, each in a sandbox of its own. */
export class Sandboxes {
  readonly #place: SandboxPlace;
  readonly #recorders: Recorders;
  readonly #filter = denyFilter();
  readonly #filterOfUdp = denyFilter({ udp: false });
  readonly #groups: ControlGroups;
  #removed = 0;

  constructor(place: SandboxPlace, recorders: Recorders) {
    this.#place = place;
    this.#recorders = recorders;
    this.#groups = new ControlGroups(`solo-${Bun.hash.xxHash3(place.temporary).toString(16)}`);
  }

  /** The folders that a new process of an instance gets, and what it is confined to: `spawn` is missing without a sandbox. */
  confine(instance: SandboxInstance): { env: OwnFolders; spawn?: (program: ConfinedProgram) => number } {
    const { spec, id, ref } = instance;
    const { sandbox } = spec;
    const files = this.filesOf(ref);
    mkdirSync(files, { recursive: true, mode: 0o700 });
    if (sandbox.mode === "off") return { env: { STATE_DIRECTORY: files } };
    this.#makeTemporary(id);
    const policy = this.#policy(instance);
    return {
      env: { STATE_DIRECTORY: files, TMPDIR: this.temporaryOf(id), ...this.#inherited(sandbox) },
      spawn: (program: ConfinedProgram) => this.#spawn(policy, instance, program),
    };
  }

  /**
   * The specification as it is to be deployed, see {@link checkSandbox}.
   * @throws SoloError `sandbox_unavailable`, `file_not_found`, `invalid_config`
   */
  check(name: string, spec: ServiceSpec, cwd: string): ServiceSpec {
    return checkSandbox(name, spec, cwd, this.#place);
  }

  /** What a process of an instance may do; undefined without a sandbox. */
  policyOf(instance: SandboxInstance): SandboxPolicy | undefined {
    return instance.spec.sandbox.mode === "off" ? undefined : this.#policy(instance);
  }

  /** What lines of an instance's log say that its sandbox refused it; nothing without one that refuses. */
  refusals(instance: SandboxInstance, lines: readonly string[]): SandboxRefusal[] {
    const policy = refusesNothing(instance.spec.sandbox.mode) ? undefined : this.policyOf(instance);
    return policy === undefined ? [] : refusalsIn(lines, policy, instance.cwd);
  }

  #policy(instance: SandboxInstance): SandboxPolicy {
    const folders = { temporary: this.temporaryOf(instance.id), files: this.filesOf(instance.ref) };
    return policyOf({ ...instance, ...folders }, this.#place);
  }

  /** The folder of a service's own files, which stay when its instances go. */
  filesOf({ tenant, name }: ServiceRef): string {
    return join(this.#place.files, tenant, name);
  }

  /** The instance's temporary folder, whether it is there or not. */
  temporaryOf(id: string): string {
    return join(this.#place.temporary, id);
  }

  /** Removes an instance's temporary folder behind the caller's back. */
  release(id: string): void {
    this.#groups.remove(id);
    this.#recorders.release(id);
    const grave = join(this.#place.temporary, `.removed-${process.pid}-${this.#removed++}`);
    try {
      renameSync(this.temporaryOf(id), grave);
    } catch {
      return;
    }
    void rm(grave, { recursive: true, force: true }).catch(() => undefined);
  }

  /** Removes the temporary folders and control groups of instances that are not known, and takes over what records the others. */
  sweep(known: ReadonlySet<string>): void {
    this.#recorders.takeOver(known);
    this.#groups.removeForgotten();
    for (const name of this.#groups.names()) if (!known.has(name)) this.#groups.remove(name);
    const folder = this.#place.temporary;
    if (!existsSync(folder)) return;
    for (const name of readdirSync(folder)) {
      if (!known.has(name)) rmSync(join(folder, name), { recursive: true, force: true });
    }
  }

  #makeTemporary(id: string): void {
    this.release(id);
    mkdirSync(this.temporaryOf(id), { recursive: true, mode: 0o700 });
  }

  #inherited({ inherit_env }: SandboxSpec): Record<string, string> {
    const clean = cleanEnvironment(this.#place.env);
    const wanted = inherit_env.filter((name) => !name.startsWith("SOLO_"));
    return Object.fromEntries(wanted.flatMap((name) => (name in clean ? [[name, clean[name] ?? ""]] : [])));
  }

  #spawn(
    policy: SandboxPolicy,
    instance: SandboxInstance,
    program: ConfinedProgram,
    wanted = wantsNamespaces(instance.spec),
  ): number {
    const { id, spec } = instance;
    const { sandbox } = spec;
    const available = new Set(mechanisms().flatMap(({ name, available }) => (available ? [name] : [])));
    const isRecorded = sandbox.mode === "audit";
    const namespaces = wanted && available.has("namespaces");
    const allowed = namespaces ? { ...policy, paths: policy.paths.filter(({ path }) => path !== "/proc") } : policy;
    const limits: ResourceLimit[] = [
      { resource: "core", value: 0 },
      { resource: "open_files", value: Math.min(sandbox.max_files, mostOpenFiles()) },
      { resource: "file_size", value: sandbox.max_file_bytes },
    ];
    const [path = ""] = program.command;
    // Nothing that may fail stands between these and the block that closes them: a kernel that may open no more files tries again.
    const ruleset = isRecorded ? scopesOnly() : landlockSupport().files ? this.#rules(allowed) : undefined;
    let group: ControlGroup | undefined;
    let recorder: Recorder | undefined;
    try {
      group = this.#groups.open(id, mostTasks(spec));
      if (isRecorded) recorder = this.#record(instance, path);
      const pid = spawnConfined({
        ...program,
        ...(namespaces ? byFirstProcess(program.command) : { path, args: program.command }),
        namespaces,
        ruleset,
        filter: available.has("system calls") ? this.#filterOf(sandbox) : undefined,
        limits,
        dropCapabilities: droppedCapabilities(),
        groups: group.tasks,
        preference: endedBeforeThis(),
        watch: recorder?.watch,
      });
      recorder?.began(pid);
      return pid;
    } catch (error) {
      const isForbidden = error instanceof ConfineError && error.step === "namespaces";
      if (isForbidden && sandbox.mode === "best-effort") return this.#spawn(policy, instance, program, false);
      throw startError(path, error);
    } finally {
      recorder?.close();
      ruleset?.close();
      group?.close();
    }
  }

  #filterOf({ mode, udp }: SandboxSpec): Uint8Array {
    return udp === false && mode !== "audit" ? this.#filterOfUdp : this.#filter;
  }

  /** What it may use by itself, and what its service says of it elsewhere, need not be learned. */
  #record(instance: SandboxInstance, program: string): Recorder {
    const { spec } = instance;
    const sandbox = { ...spec.sandbox, read: [], write: [], connect: [], listen: [] };
    const { paths, connect, listen } = this.#policy({ ...instance, spec: { ...spec, sandbox } });
    const known = paths.flatMap(({ path: named, read = false, write = false, execute = false }) =>
      [...new Set([named, resolved(named)])].map((path) => ({ path, read: read || write, write, execute })),
    );
    const ports = (all: "any" | readonly number[]) => (all === "any" ? all : [...all]);
    // The runtime looks for its settings in all folders above a module.
    const passed = isProgram(spec.kind) ? [] : ["/", ...foldersAbove(resolved(instance.entry))];
    return this.#recorders.start(instance, {
      program,
      known: { paths: known, passed, connect: ports(connect), listen: ports(listen) },
    });
  }

  #rules({ paths, connect, listen }: SandboxPolicy): Ruleset {
    const ruleset = new Ruleset({ connect: connect !== "any", listen: listen !== "any" });
    try {
      for (const grant of paths) this.#allow(ruleset, grant);
      if (landlockSupport().tcp) {
        if (connect !== "any") for (const port of connect) ruleset.allowPort(port, { connect: true });
        if (listen !== "any") for (const port of listen) ruleset.allowPort(port, { listen: true });
      }
      return ruleset;
    } catch (error) {
      ruleset.close();
      throw error;
    }
  }

  /** A service that can change a folder could replace what a later rule names by a link: declared paths have none. */
  #allow(ruleset: Ruleset, grant: PathGrant): void {
    const { path, origin } = grant;
    const isOurs = origin === "system" || origin === "program" || origin === "instance";
    if (!isOurs && ownFolderAt(path, this.#place) !== undefined) refuse(path, "it would open Solo's own data");
    if (origin === "declared" && resolved(path) !== path) refuse(path, "it has become a symbolic link");
    const isThere = ruleset.allowPath(path, grant);
    if (!isThere && origin === "declared") refuse(path, "it is no longer there");
  }
}

/** Signals and abstract sockets stay within the service whatever it is allowed, so they do while that is being learned. */
function scopesOnly(): Ruleset | undefined {
  return landlockSupport().scopes ? new Ruleset({ files: false, connect: false, listen: false }) : undefined;
}

/** What is recorded is told by pids that the kernel knows. */
function wantsNamespaces({ sandbox }: ServiceSpec): boolean {
  return sandbox.namespaces === true && sandbox.mode !== "audit";
}

/**
 * Process 1 of a namespace is ended by no signal that it has no handler for, which few programs know: it is the shell, which waits for
 * the program, takes in orphans, and ends as the program does. With it all others end.
 */
function byFirstProcess([path = "", ...args]: readonly string[]): { path: string; args: string[] } {
  accessSync(path, constants.X_OK);
  return { path: "/bin/sh", args: ["sh", "-c", '"$@"; exit $?', "sh", path, ...args] };
}

/** Processes and threads: a process may have some, so the limit on processes alone is left to who looks at them. */
function mostTasks({ sandbox, limits }: ServiceSpec): number {
  if (sandbox.max_processes !== undefined) return sandbox.max_processes;
  return limits?.processes === undefined ? usualTasks : Math.max(leastTasks, limits.processes * tasksPerProcess);
}

/** More than servers with a thread for each connection have; a machine usually has 32,768 for all. */
const usualTasks = 2_048;
const leastTasks = 1_024;
const tasksPerProcess = 16;

function refuse(path: string, why: string): never {
  throw new SoloError("start_failed", `sandbox: ${path} can't be allowed: ${why}`, {
    hint: "correct the path in `sandbox`, and deploy again",
  });
}

function startError(path: string, error: unknown): unknown {
  if (!(error instanceof ConfineError)) return error;
  if (error.step === "execute" || error.step === "working directory") return error.system;
  return new SoloError("start_failed", `${path} can't be confined: ${error.message}`, {
    hint: "`solo doctor` tells what this machine can enforce",
    cause: error,
  });
}

/** A user can't raise the hard limit that the kernel was started with. */
function mostOpenFiles(): number {
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return hard === undefined ? Number.MAX_SAFE_INTEGER : Number(hard);
}

/** Only root has capabilities to lose: anybody else gets none by no_new_privs. */
function droppedCapabilities(): number[] {
  if (process.getuid?.() !== 0) return [];
  const last = Number(readFileSync("/proc/sys/kernel/cap_last_cap", "utf8"));
  return Array.from({ length: last + 1 }, (_, number) => number).filter((number) => !keptCapabilities.has(number));
}
