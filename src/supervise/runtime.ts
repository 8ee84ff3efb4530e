import type { HostShape, SecretRef, ServiceRef, ServiceSpec } from "../api/index.ts";
import type { Clock, Poller, ProcessIdentity } from "../system/index.ts";
import type { SandboxPort } from "./confined.ts";
import type { Hypothesis } from "./port/messages.ts";
import type { AgentStore } from "./port/store.ts";
import type { ProcessExit } from "./restart-policy.ts";

/**
 * What supervision needs from the rest of the kernel, as narrow ports: it knows neither the ingress, nor the log store, nor
 * the database behind them.
 */
export interface SuperviseRuntime {
  readonly clock: Clock;
  /** A number in [0, 1). */
  random(): number;
  readonly poller: Poller;
  /** How to start this binary again, up to its first own argument. */
  readonly self: readonly string[];
  readonly folders: { readonly fifos: string; readonly exits: string };
  readonly controlSocket: string;
  /** Processes that orphans are handed to: the guardian, or this kernel where it has none. */
  orphanParents(): readonly number[];
  /** The exit status that the guardian recorded for a process which this kernel can't wait for; unknown after `waitMs`. */
  formerExit(process: ProcessIdentity, waitMs: number): Promise<ProcessExit>;
  /** Keeps how a process of this kernel ended, in case the kernel dies before what follows from it is durable. */
  keepExit(process: ProcessIdentity, exit: ProcessExit): void;
  dropExit(process: ProcessIdentity): void;
  readonly logs: LogPort;
  readonly routes: RoutePort;
  readonly records: RecordPort;
  readonly guardian: GuardianPort;
  readonly agents: AgentsPort;
  readonly sandbox: SandboxPort;
  readonly secrets: SecretPort;
  readonly tokens: TokenPort;
  emit(event: SuperviseEvent): void;
}

export interface LogPort {
  capture(source: LogSource): LogCapture;
  /** Adds a line of the kernel's own to a service's log. */
  note(ref: ServiceRef, instance: string, text: string): void;
  /** The last lines that an instance wrote, oldest first. */
  tail(ref: ServiceRef, instance: string, lines: number): Promise<string[]>;
}

export interface LogSource {
  readonly ref: ServiceRef;
  readonly instance: string;
  readonly stream: "stdout" | "stderr";
  readonly fifo: string;
  readonly budgetBytes: number;
  /** Called when what was written looks like a refusal by the system (`EACCES`, "Permission denied"). */
  readonly onDenied?: () => void;
}

export interface LogCapture {
  /** Resolves when every writer is gone and all was kept, or at the deadline. */
  drained(deadlineMs: number): Promise<void>;
  close(): void;
}

export interface RoutePort {
  add(ref: ServiceRef, instance: string, port: number): void;
  /** New requests go elsewhere at once; resolves when those in flight are done, or at the timeout. */
  drain(ref: ServiceRef, instance: string, timeoutMs: number): Promise<void>;
  remove(ref: ServiceRef, instance: string): void;
}

/** Where an instance is kept, so that the next kernel finds its process again. Both throw what the disk refuses. */
export interface RecordPort {
  save(record: InstanceRecord): void;
  remove(id: string): void;
}

export interface InstanceRecord {
  readonly id: string;
  readonly ref: ServiceRef;
  readonly revision: string;
  readonly state: string;
  /** Null before the process was started, as the intent is kept first, and in the pause before a restart. */
  readonly pid: number | null;
  readonly startTime: number | null;
  readonly bootId: string;
  /** The port it was told to use. */
  readonly port: number;
  /** Whether it listens there, as far as is known. */
  readonly serves: boolean;
  /** What its module turned out to be; null before its host said so, and for programs without one. */
  readonly shape: HostShape | null;
  readonly key: string;
  /** Wall time of the process's start in milliseconds. */
  readonly started: number;
  readonly restarts: number;
}

/** Keeps the read side of output FIFOs open while no kernel runs. */
export interface GuardianPort {
  hold(fifo: string): void;
  drop(fifo: string): void;
}

/** Where port agents keep what outlives them. */
export interface AgentsPort {
  storeOf(ref: ServiceRef, instance: string): AgentStore;
  /** Carries out an operation of durable steps for a process. */
  step(
    ref: ServiceRef,
    process: { readonly instance: string; readonly pid: number },
    operation: string,
    input: unknown,
  ): Promise<unknown>;
  /**
   * Puts a change on trial that an agent wants of itself: what becomes of it, it is told later.
   * @returns why not, if it is refused at once
   */
  evolve(ref: ServiceRef, instance: string, hypothesis: Hypothesis): string | undefined;
}

/** Gives processes the token by which they ask the kernel for something. */
export interface TokenPort {
  /**
   * Makes one for a process that is about to be started, and ends a former one of its instance.
   * @returns the file that it lies in, alone in its folder
   * @throws SoloError what the disk refuses
   */
  issue(ref: ServiceRef, instance: string): string;
  /** Where an instance's token lies, whether it has one or not. */
  fileOf(instance: string): string;
  /** The process is gone, and its token has ended. */
  withdraw(instance: string): void;
}

/** Gives processes the secrets that their service asks for. */
export interface SecretPort {
  /**
   * Puts them where a process that is about to be started finds them; undefined when it has none.
   * @throws SoloError when one is missing or can't be opened
   */
  deliver(
    ref: ServiceRef,
    wanted: readonly SecretRef[],
    instance: string,
  ): { readonly folder: string; readonly env: Readonly<Record<string, string>> } | undefined;
  /** The process is gone, and so go its secrets. */
  withdraw(instance: string): void;
  /** A text that came from a service, without its secrets. */
  redact(ref: ServiceRef, text: string): string;
}

export interface SuperviseEvent {
  readonly event: string;
  readonly ref: ServiceRef;
  readonly instance: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Everything that starting one instance of a revision takes. */
export interface LaunchPlan {
  readonly ref: ServiceRef;
  readonly revision: string;
  readonly spec: ServiceSpec;
  /** The artifact's entry file (`source`, `wasm`); unused for a command. */
  readonly entry: string;
  /** The executable as resolved at deploy, and its arguments (`command`, `port`). */
  readonly command: readonly string[];
  /** Whether the program is expected to listen on `$PORT`. */
  readonly mentionsPort: boolean;
}
