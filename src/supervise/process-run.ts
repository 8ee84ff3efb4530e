import {
  type HostMessage,
  type HostShape,
  hostVariables,
  isProgram,
  maxHostMessageBytes,
  SoloError,
} from "../api/index.ts";
import { bootId, type ProcessIdentity, pauseTree, readStat, resumeTree, type TreeQuery } from "../system/index.ts";
import { adoptProcess } from "./adopt.ts";
import type { HostPeer, TellHost } from "./control.ts";
import type { EarlyHost } from "./early-host.ts";
import { endTree } from "./end-tree.ts";
import { errorWithoutSecrets, withoutSecrets } from "./hide-secrets.ts";
import { launchProcess, makeAgentFifos, type ProcessHandle } from "./launch.ts";
import { askAgent, openAgent, type PortAgent, RecoveryTimes } from "./port/index.ts";
import { type AskOptions, Requests, type Trace, within } from "./requests.ts";
import type { ProcessExit } from "./restart-policy.ts";
import type { InstanceRecord, LaunchPlan, SuperviseRuntime } from "./runtime.ts";
import { type Judgement, Vitals, type VitalsOptions } from "./vitals.ts";
import { closeOutput, type WatchedOutput, watchOutput } from "./watched-output.ts";

/** After a process's end: how long its last output may take to reach the log before the end is acted on. */
const outputDrainMs = 1_000;
/** How long a process that hangs in the operating system may take until it stands still. */
const pauseDeadlineMs = 5_000;
/** With this code (`EX_SOFTWARE`) a host ends whose module could not be started … */
const hostFailureCode = 70;
/** … and it has told the kernel why, which may be seen after its end. */
const lastWordsMs = 500;

export interface RunContext {
  readonly runtime: SuperviseRuntime;
  readonly plan: LaunchPlan;
  /** The instance's. */
  readonly id: string;
  readonly key: string;
  /** The pids of all instances' processes, which are nobody's orphans. */
  readonly roots: Set<number>;
  /** Of a port agent. */
  readonly recovery: RecoveryTimes | undefined;
}

/** One process of an instance, from its start (or adoption) until nothing of its tree and of its output is left. */
export class ProcessRun {
  /** The port it was told to use. */
  readonly port: number;
  /** Wall time of its start in milliseconds; how long ago that is does not follow from it, for clocks are set. */
  readonly startedAt: number;
  readonly #begun: number;
  /** Whether its tree is to stand still: nothing else may continue it. */
  isPaused = false;
  readonly #context: RunContext;
  readonly #captures: WatchedOutput;
  readonly #process: ProcessHandle | undefined;
  /** Where orphans of an adopted process may go, beside those of this kernel's own. */
  readonly #orphanParents: readonly number[];
  /** Why the module could not be started, in its host's words. */
  hostFailure: Extract<HostMessage, { type: "failed" }> | undefined;
  /** What a former kernel knew of an adopted host's module. */
  #formerShape: HostShape | null = null;
  #isAdopted = false;
  readonly #hasFailed = Promise.withResolvers<void>();
  #vitals: Vitals | undefined;
  #agent: PortAgent | undefined;
  #tell: TellHost | undefined;
  #connection = Promise.withResolvers<void>();
  readonly #calls = new Requests();
  #exit: ProcessExit | undefined;

  private constructor(
    context: RunContext,
    port: number,
    startedAt: number,
    captures: WatchedOutput,
    process?: ProcessHandle,
    orphanParents: readonly number[] = [],
  ) {
    this.#context = context;
    this.port = port;
    this.startedAt = startedAt;
    const { clock } = context.runtime;
    this.#begun = clock.monotonic() - Math.max(0, clock.now() - startedAt);
    this.#captures = captures;
    this.#process = process;
    this.#orphanParents = orphanParents;
    if (process !== undefined) context.roots.add(process.pid);
  }

  /** Of a process that was started early, or of a new one. Throws `start_failed` when the system refuses the program. */
  static launch(context: RunContext, port: number, early?: EarlyHost): ProcessRun {
    const { runtime, plan, id, key } = context;
    if (plan.spec.kind === "port") makeAgentFifos(runtime, id);
    const captures = watchOutput(context, port, early);
    try {
      const process = early?.process ?? launchProcess(runtime, plan, { id, key, port });
      return new ProcessRun(context, port, runtime.clock.now(), captures, process);
    } catch (error) {
      closeOutput(captures);
      throw error;
    }
  }

  /** Takes over what a former kernel kept; `pid` is null when that process is gone. */
  static adopt(context: RunContext, record: InstanceRecord): ProcessRun {
    const captures = watchOutput(context, record.port);
    const process = adoptProcess(context.runtime, record, bootId());
    const parents = process === undefined ? [] : orphanParentsOf(process);
    const run = new ProcessRun(context, record.port, record.started, captures, process, parents);
    run.#formerShape = record.shape;
    run.#isAdopted = true;
    return run;
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** How long it has been running, in milliseconds. */
  get uptimeMs(): number {
    return this.pid === null ? 0 : Math.round(this.#context.runtime.clock.monotonic() - this.#begun);
  }

  get startTime(): number | null {
    return this.#process?.startTime ?? null;
  }

  /** What the module turned out to be; null before its host said so, and for programs without one. */
  get shape(): HostShape | null {
    return this.#vitals?.shape ?? this.#formerShape;
  }

  /** How the process ended; undefined while it runs. */
  get exit(): ProcessExit | undefined {
    return this.#exit;
  }

  /**
   * Begins to judge how the process is doing.
   * @param found how a former kernel had found it; null for a new process
   */
  watch(
    found: VitalsOptions["found"],
    onJudgement: (judgement: Judgement) => void,
    onExit: (exit: ProcessExit) => void,
  ): void {
    const { plan, runtime } = this.#context;
    const shape = found === null ? null : this.#formerShape;
    const setPace = (interval_ms: number) => this.#tell?.({ type: "pace", interval_ms }) === true;
    this.#vitals = new Vitals({ plan, port: this.port, clock: runtime.clock, found, shape, setPace, onJudgement });
    const identity = this.#process;
    if (plan.spec.kind === "port") this.#agent = this.#listen(found !== null, onJudgement);
    void identity?.exited.then((exit) => {
      this.#exit = exit;
      this.#vitals?.stop();
      runtime.keepExit(identity, exit);
      onExit(exit);
    });
  }

  /** The host has a connection to this kernel, and is known to be the process's own. */
  connect(tell: TellHost, receive: HostPeer["receive"]): HostPeer {
    this.#tell = tell;
    this.#connection.resolve();
    const lost = () => {
      if (this.#tell !== tell) return;
      this.#tell = undefined;
      this.#connection = Promise.withResolvers();
    };
    return { receive, lost };
  }

  /**
   * Has a method of the service carried out.
   * @throws SoloError `unhealthy`, `not_found`, `timeout`, `outcome_unknown`, `failed` with the service's own error
   */
  async call(method: string, input: unknown, options: AskOptions): Promise<unknown> {
    const { plan } = this.#context;
    const { timeoutMs } = options;
    if (this.#agent !== undefined) {
      return askAgent(this.#agent, { method, input, user: plan.ref.tenant }, options).catch((error: unknown) => {
        throw errorWithoutSecrets(error, (text) => this.#context.runtime.secrets.redact(plan.ref, text));
      });
    }
    // After the kernel was replaced, its host is about to connect.
    if (this.#tell === undefined) await within(this.#connection.promise, Math.min(timeoutMs, connectionMs));
    const tell = this.#tell;
    if (tell === undefined)
      throw new SoloError("unhealthy", "its host is not connected", { hint: "try again in a moment" });
    if (JSON.stringify(input).length > longestInput) {
      throw new SoloError("limit_exceeded", `the input of a call has at most ${longestInput} bytes of JSON`);
    }
    return this.#calls.ask((id) => void tell({ type: "call", id, method, input }), options);
  }

  /** What a call that is under way in it belongs to. */
  traceOf(id: string): Trace | undefined {
    return (this.#agent ?? this.#calls).traceOf(id);
  }

  /** The agent in the process, if it speaks the port protocol. */
  get agent(): PortAgent | undefined {
    return this.#agent;
  }

  /** How long it has said nothing, in milliseconds. */
  get silenceMs(): number {
    return this.#vitals?.silenceMs ?? 0;
  }

  /** Asks an agent to end by itself, and waits until it has, or for so long. Anything else ends by signals. */
  async shutDown(reason: string, timeoutMs: number): Promise<void> {
    if (this.#agent?.isReady !== true) return;
    this.#agent.shutDown(reason);
    await within(this.exited(), timeoutMs);
  }

  receive(told: HostMessage): void {
    const { runtime, plan } = this.#context;
    const message = withoutSecrets(told, (text) => runtime.secrets.redact(plan.ref, text));
    if (message.type === "failed") {
      this.hostFailure = message;
      this.#hasFailed.resolve();
    } else if (message.type === "answer") {
      this.#calls.answer(message.id, { data: message.output, error: message.error });
    } else this.#vitals?.receive(message);
  }

  /** After the end of a host that could not start its module: waits until it has said why. */
  async lastWords(): Promise<void> {
    if (isProgram(this.#context.plan.spec.kind) || this.#exit?.code !== hostFailureCode) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, lastWordsMs);
    await Promise.race([this.#hasFailed.promise, promise]);
    clearTimeout(timer);
  }

  probes(): ReturnType<Vitals["records"]> {
    return this.#vitals?.records() ?? [];
  }

  exited(): Promise<unknown> {
    return this.#process?.exited ?? Promise.resolve();
  }

  /** SIGTERM to the whole tree, the grace, then SIGKILL; resolves to the pids that are left in spite of it. */
  async endTree(graceMs: number, hurry: AbortSignal): Promise<number[]> {
    return this.#process === undefined ? [] : this.endTreeOf(this.#process, graceMs, hurry);
  }

  endTreeOf(root: ProcessIdentity, graceMs: number, hurry: AbortSignal): Promise<number[]> {
    return endTree(this.#treeOf(root), { graceMs, clock: this.#context.runtime.clock, hurry });
  }

  /** Stops the whole tree where it is; resolves to the pids that go on in spite of it. */
  async pause(): Promise<number[]> {
    if (this.#process === undefined) return [];
    this.isPaused = true;
    const options = { deadlineMs: pauseDeadlineMs, clock: this.#context.runtime.clock };
    return (await pauseTree(this.#treeOf(this.#process), options)).map(({ pid }) => pid);
  }

  goOn(): void {
    this.isPaused = false;
    if (this.#process !== undefined) resumeTree(this.#treeOf(this.#process));
  }

  #treeOf({ pid, startTime }: ProcessIdentity): TreeQuery {
    const { runtime, id, roots: skip } = this.#context;
    const marker = { name: hostVariables.instance, value: id };
    const orphanParents = [...new Set([...runtime.orphanParents(), ...this.#orphanParents])];
    return { root: { pid, startTime }, marker, orphanParents, skip };
  }

  /** Waits until all that the tree wrote is kept. */
  async drainOutput(): Promise<void> {
    const outputs = [this.#captures.stdout, this.#captures.stderr, this.#agent?.channel];
    await Promise.all(outputs.map((output) => output?.drained(outputDrainMs)));
    await this.#captures.refusals?.settle();
  }

  /** Forgets a process that is gone. */
  forget(): void {
    if (this.#process !== undefined) {
      this.#context.roots.delete(this.#process.pid);
      this.#context.runtime.dropExit(this.#process);
    }
    this.#vitals?.stop();
    this.#calls.abandon();
    this.#agent?.close();
    closeOutput(this.#captures);
  }

  /** Lets go of a process without touching it. */
  release(): void {
    this.#vitals?.stop();
    this.#calls.abandon();
    this.#agent?.close();
    closeOutput(this.#captures);
  }

  #listen(resume: boolean, onJudgement: (judgement: Judgement) => void): PortAgent | undefined {
    const { runtime, plan, id, recovery } = this.#context;
    if (this.#isAdopted && !resume) {
      setImmediate(() => onJudgement({ kind: "dead", reason: "the kernel that started it ended before it was ready" }));
      return undefined;
    }
    try {
      return openAgent({
        runtime,
        plan,
        id,
        pid: this.pid ?? 0,
        recovery: recovery ?? new RecoveryTimes(runtime.clock),
        resume,
        onBeat: (isFirst) => {
          if (isFirst) this.#vitals?.receive({ type: "ready", shape: "service", port: null, took_ms: 0 });
          this.#vitals?.receive({ type: "heartbeat" });
        },
        onDead: (reason) => onJudgement({ kind: "dead", reason }),
      });
    } catch (error) {
      const reason = `its FIFOs can't be opened: ${SoloError.from(error).message}`;
      setImmediate(() => onJudgement({ kind: "dead", reason }));
      return undefined;
    }
  }
}

/**
 * A process whose guardian is gone as well belongs to init or to the session's subreaper: its orphans go there, and to
 * init if that one ends too.
 */
function orphanParentsOf({ pid }: ProcessIdentity): number[] {
  const parent = readStat(pid)?.ppid;
  return parent === undefined ? [] : [parent, initPid];
}

const initPid = 1;
/** How long a call waits for a host that has lost its connection. */
const connectionMs = 5_000;
/** A message of the control channel, less what a call has beside its input. */
const longestInput = maxHostMessageBytes - 1_024;
