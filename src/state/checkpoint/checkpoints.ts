import { join } from "node:path";
import { SoloError } from "../../api/error.ts";
import { type CheckpointReason, type ServiceRef, serviceKey } from "../../api/index.ts";
import type { FileSystem } from "../../store/index.ts";
import type { Clock } from "../../system/index.ts";
import type { ServiceState } from "../core/types.ts";
import type { ServiceStates } from "../service-states.ts";
import type { External } from "./external.ts";
import type { Retention, StoredInfo } from "./retention.ts";
import { ServiceCheckpoints, type Subject } from "./service-checkpoints.ts";
import type { CheckpointTrouble } from "./shelf.ts";

export interface CheckpointSettings {
  /** Between checkpoints that are made by time; 0 makes none. */
  readonly checkpoint_ms: number;
  readonly keep_ms: number;
}

/** Told of what happens to checkpoints. */
export interface CheckpointObserver {
  made(ref: ServiceRef, info: StoredInfo): void;
  deleted(ref: ServiceRef, infos: readonly StoredInfo[]): void;
  trouble(ref: ServiceRef, trouble: CheckpointTrouble): void;
  failed(ref: ServiceRef, reason: CheckpointReason, error: SoloError): void;
}

export interface CheckpointsOptions {
  readonly states: Pick<ServiceStates, "folderOf" | "open" | "openNow" | "peek">;
  readonly clock: Clock;
  readonly files?: FileSystem | undefined;
  /** Of second copies: a folder for each tenant, in it one for each service. */
  readonly backupFolder: string | null;
  readonly keep_count: number;
  readonly keep_bytes: number;
  readonly settingsOf: (ref: ServiceRef) => CheckpointSettings;
  readonly subjectOf: (ref: ServiceRef) => Subject;
  /** What a service of mode `external` keeps itself. */
  readonly externalOf: (ref: ServiceRef) => External | undefined;
  /** The services of mode `external` that run. */
  readonly externals: () => Iterable<ServiceRef>;
  readonly observer: CheckpointObserver;
  readonly logBounds?: LogBounds;
}

/** How long a log may grow, whatever the settings say of checkpoints by time. */
export interface LogBounds {
  /** A log that has grown by so many positions or bytes since the last checkpoint gets another one. */
  readonly entries: number;
  readonly bytes: number;
  /** Bytes that are kept behind the oldest checkpoint; beyond them the oldest checkpoints go. */
  readonly kept: number;
}

/** Going back replays no more than the first two of them. */
const defaultBounds: LogBounds = { entries: 1_000_000, bytes: 268_435_456, kept: 2 ** 30 };

/** Where a state was when its last checkpoint was made. */
interface Mark {
  readonly position: number;
  readonly time: number;
  /** Less when the log was cut since. */
  walBytes: number;
}

/** Between two looks at the states that are open. */
const lookMs = 2_000;

/** The checkpoints of every service: made by hand, by time, before what is risky, and when a log grows long. */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  readonly #known = new Map<string, ServiceCheckpoints>();
  readonly #marks = new WeakMap<ServiceState, Mark>();
  readonly #listeners = new Map<string, Set<(trouble: CheckpointTrouble) => void>>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
  }

  of(ref: ServiceRef): ServiceCheckpoints {
    const key = serviceKey(ref);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { states, clock, files, observer } = this.#options;
    const checkpoints = new ServiceCheckpoints({
      ref,
      folder: checkpointFolder(states.folderOf(ref)),
      backupFolder: this.backupFolderOf(ref),
      clock,
      files,
      external: () => this.#options.externalOf(ref),
      onTrouble: (trouble) => {
        observer.trouble(ref, trouble);
        for (const listener of this.#listeners.get(key) ?? []) listener(trouble);
      },
    });
    this.#known.set(key, checkpoints);
    return checkpoints;
  }

  /** Where the second copies of a service's checkpoints lie; undefined when none are kept. */
  backupFolderOf({ tenant, name }: ServiceRef): string | undefined {
    const { backupFolder } = this.#options;
    return backupFolder === null ? undefined : join(backupFolder, tenant, name);
  }

  /** A service is no more. Resolves when nothing is done with its checkpoints any longer. */
  async forget(ref: ServiceRef): Promise<void> {
    const key = serviceKey(ref);
    await this.#known.get(key)?.settled();
    this.#known.delete(key);
  }

  /** Looks at the open states from time to time. */
  start(): void {
    this.#timer ??= setInterval(() => this.look(), lookMs);
    this.#timer.unref();
  }

  /** Makes the checkpoints that are due. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Makes a checkpoint, and deletes what needn't be kept any more. */
  async make(ref: ServiceRef, state: ServiceState, reason: CheckpointReason): Promise<StoredInfo> {
    const info = await this.#create(ref, state, (subject) => this.of(ref).create(state, reason, subject));
    if (info === undefined) throw new Error("a checkpoint that was asked for was not made");
    await this.prune(ref, state);
    return info;
  }

  /** The same when the state has changed. What fails is told of, and is no reason not to go on. */
  async makeIfChanged(ref: ServiceRef, state: ServiceState, reason: CheckpointReason): Promise<void> {
    const { observer } = this.#options;
    try {
      await this.#create(ref, state, (subject) => this.of(ref).createIfChanged(state, reason, subject));
      await this.prune(ref, state);
    } catch (error) {
      observer.failed(ref, reason, SoloError.from(error));
    }
  }

  /** Of a service whose state is open, if it has changed. */
  async beforeRisk(ref: ServiceRef, reason: CheckpointReason): Promise<void> {
    const state = this.#options.states.peek(ref);
    if (state !== undefined) await this.makeIfChanged(ref, state, reason);
  }

  /** Of every open state that has changed: nobody writes any more. */
  async atShutdown(): Promise<void> {
    await this.stop();
    for (const { ref, state } of this.#options.states.openNow()) await this.makeIfChanged(ref, state, "shutdown");
  }

  /** What is kept of a service's checkpoints; what is given goes before what is set. */
  retentionOf(ref: ServiceRef, given: { readonly [Key in keyof Retention]?: number | undefined } = {}): Retention {
    const { keep_count, keep_bytes, settingsOf } = this.#options;
    return {
      keep_ms: given.keep_ms ?? settingsOf(ref).keep_ms,
      keep_count: given.keep_count ?? keep_count,
      keep_bytes: given.keep_bytes ?? keep_bytes,
    };
  }

  /** Deletes what needn't be kept: old checkpoints, and the log behind the oldest that stays. */
  async prune(ref: ServiceRef, state: ServiceState, retention = this.retentionOf(ref)): Promise<readonly StoredInfo[]> {
    const { observer, logBounds: { kept } = defaultBounds } = this.#options;
    const gone = await this.of(ref).prune(retention, state, kept);
    if (gone.length > 0) observer.deleted(ref, gone);
    return gone;
  }

  /** Does something with the checkpoints of a service, and tells what trouble there was on the way. */
  async hearing<Result>(
    ref: ServiceRef,
    work: () => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly troubles: readonly CheckpointTrouble[] }> {
    const key = serviceKey(ref);
    const troubles: CheckpointTrouble[] = [];
    const listener = (trouble: CheckpointTrouble) => void troubles.push(trouble);
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    try {
      return { result: await work(), troubles };
    } finally {
      listeners.delete(listener);
    }
  }

  /** Tells of a checkpoint that was made on the way to something else. */
  noteMade(ref: ServiceRef, info: StoredInfo): void {
    this.#options.observer.made(ref, info);
  }

  /** What is under way comes to its end; nothing is begun by time any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#looking;
    await Promise.all([...this.#known.values()].map((checkpoints) => checkpoints.settled()));
  }

  async #look(): Promise<void> {
    // Nobody else opens their states.
    for (const ref of this.#options.externals()) await this.#options.states.open(ref).catch(() => undefined);
    for (const { ref, state } of [...this.#options.states.openNow()]) {
      const reason = this.#due(ref, state);
      if (reason !== undefined) await this.makeIfChanged(ref, state, reason);
    }
  }

  #due(ref: ServiceRef, state: ServiceState): CheckpointReason | undefined {
    const { clock, settingsOf, logBounds: { entries, bytes } = defaultBounds } = this.#options;
    const { wal_bytes: walBytes } = state.stats();
    // Not by the machine's clock: one that is set back must not end the checkpoints for as long.
    const now = clock.monotonic();
    const mark = this.#marks.get(state) ?? this.#note(state, this.of(ref).newest()?.position ?? 0);
    if (state.position === mark.position && this.#options.externalOf(ref) === undefined) return undefined;
    mark.walBytes = Math.min(mark.walBytes, walBytes);
    const isLong = state.position - mark.position >= entries || walBytes - mark.walBytes >= bytes;
    const { checkpoint_ms } = settingsOf(ref);
    const isTime = checkpoint_ms > 0 && now - mark.time >= checkpoint_ms;
    if (!isLong && !isTime) return undefined;
    // Also one that fails is not tried again at once.
    this.#note(state, mark.position);
    return isLong ? "log_limit" : "interval";
  }

  #note(state: ServiceState, position: number): Mark {
    const mark = { position, time: this.#options.clock.monotonic(), walBytes: state.stats().wal_bytes };
    this.#marks.set(state, mark);
    return mark;
  }

  async #create(
    ref: ServiceRef,
    state: ServiceState,
    create: (subject: Subject) => Promise<StoredInfo | undefined>,
  ): Promise<StoredInfo | undefined> {
    const { subjectOf } = this.#options;
    const info = await create(subjectOf(ref));
    if (info === undefined) return undefined;
    this.#note(state, info.position);
    this.noteMade(ref, info);
    return info;
  }
}

/** Where a service's checkpoints lie, in the folder of its state. */
export function checkpointFolder(stateFolder: string): string {
  return join(stateFolder, "checkpoints");
}
