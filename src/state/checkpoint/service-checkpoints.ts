import { dirname } from "node:path";
import { SoloError } from "../../api/error.ts";
import type { CheckpointReason, ServiceRef } from "../../api/index.ts";
import { nodeFileSystem } from "../../store/file/index.ts";
import type { FileSystem } from "../../store/index.ts";
import type { Clock } from "../../system/index.ts";
import type { ServiceState } from "../core/types.ts";
import { type CheckpointCatalog, type Copy, fileProblem } from "./catalog.ts";
import { type External, ExternalFolders } from "./external.ts";
import { type CheckpointInfo, newCheckpointId, onOwnLog } from "./info.ts";
import { type SoundPast, SoundPasts } from "./past.ts";
import type { Point } from "./point.ts";
import { type Renewed, renewState } from "./renew.ts";
import { expired, type Retention, type StoredInfo } from "./retention.ts";
import { CheckpointShelf, type CheckpointTrouble } from "./shelf.ts";
import { verifyCheckpoint } from "./verify-file.ts";

/** What a checkpoint says of the revision that ran. */
export interface Subject {
  readonly revision: string | null;
  readonly spec_sha256: string | null;
}

export interface ServiceCheckpointsOptions {
  readonly ref: ServiceRef;
  readonly folder: string;
  readonly backupFolder?: string | undefined;
  readonly clock: Clock;
  readonly files?: FileSystem | undefined;
  /** What a service keeps itself, in mode `external`. */
  readonly external?: (() => External | undefined) | undefined;
  readonly onTrouble: (trouble: CheckpointTrouble) => void;
}

/** What is wrong with the copies of one checkpoint. */
export interface Verification {
  readonly info: StoredInfo | undefined;
  readonly copies: readonly (Copy & { readonly problem: SoloError | null })[];
}

export interface Restored {
  readonly past: SoundPast;
  /** Of the state that there was. */
  readonly before: StoredInfo;
  /** Of the entry that the restore is. */
  readonly position: number;
}

/** How a state is set back whose own files can't be read. */
export interface Renewing {
  /** Called when the checkpoint is known to be sound: once it has resolved nobody must write. */
  readonly still: () => Promise<void>;
  readonly alone: <Result>(work: () => Promise<Result>) => Promise<Result>;
}

/** Makes, keeps and reads the checkpoints of one service. What changes something happens one after the other. */
export class ServiceCheckpoints {
  readonly #options: ServiceCheckpointsOptions;
  readonly #files: FileSystem;
  #last: Promise<unknown> | undefined;
  readonly #folders: ExternalFolders;
  readonly #shelf: CheckpointShelf;
  readonly #past: SoundPasts;

  constructor(options: ServiceCheckpointsOptions) {
    const { folder, backupFolder, files = nodeFileSystem, onTrouble } = options;
    this.#options = options;
    this.#files = files;
    this.#folders = new ExternalFolders(() => options.external?.());
    this.#shelf = new CheckpointShelf({ files, folder, backupFolder, onTrouble });
    this.#past = new SoundPasts({ files, shelf: this.#shelf, clock: options.clock, onTrouble });
  }

  /** Those that there are. */
  get catalog(): CheckpointCatalog {
    return this.#shelf.catalog;
  }

  /** The newest checkpoint that the service's log leads on from. */
  newest(): StoredInfo | undefined {
    return onOwnLog(this.catalog.list()).at(-1);
  }

  /**
   * Makes a checkpoint of the present state; writers go on meanwhile.
   * @throws SoloError `storage_full`, `io_error`; nothing of it is left then
   */
  create(state: ServiceState, reason: CheckpointReason, subject: Subject, parent?: string): Promise<StoredInfo> {
    return this.#inTurn(() => this.#create(state, reason, subject, parent));
  }

  /** The same, but only when the state has changed since the newest one. */
  createIfChanged(state: ServiceState, reason: CheckpointReason, subject: Subject): Promise<StoredInfo | undefined> {
    return this.#inTurn(async () => {
      const isSame = state.position === (this.newest()?.position ?? 0) && !(await this.#folders.haveChanged());
      return isSame ? undefined : this.#create(state, reason, subject, undefined);
    });
  }

  /** Reads every copy of a checkpoint whole. */
  async verify(id: string): Promise<Verification> {
    const copies = await Promise.all(
      this.catalog.copies(id).map(async (copy) => {
        try {
          await verifyCheckpoint(this.#files, copy.path);
          return { ...copy, problem: null };
        } catch (error) {
          const problem = fileProblem(error, copy.path);
          this.#options.onTrouble({ type: "damaged", copy: { ...copy, id, problem } });
          return { ...copy, problem };
        }
      }),
    );
    if (copies.length === 0) this.catalog.get(id);
    return { info: this.catalog.list().find((info) => info.id === id), copies };
  }

  /**
   * The state at a point of the past, from the nearest checkpoint that is sound: a damaged one is told of, and the one
   * before it and a longer log are used.
   * @param state undefined when its own files can't be read: then every point but a checkpoint itself is a `conflict`
   * @throws SoloError `conflict` when the point isn't covered, `storage_corrupt` when nothing sound leads there
   */
  past(point: Point, state: ServiceState | undefined): Promise<SoundPast> {
    return this.#past.of(point, state);
  }

  /**
   * Uses the state at a point of the past. Until it has been used, nothing is made or deleted beside.
   * @throws SoloError as {@link past}
   */
  withPast<Result>(
    point: Point,
    state: ServiceState | undefined,
    use: (past: SoundPast) => Promise<Result>,
  ): Promise<Result> {
    return this.#inTurn(async () => use(await this.past(point, state)));
  }

  /**
   * Sets a state to a point of its past. What it is before is kept as a checkpoint first.
   * @param still called when all is known to be there: once it has resolved nobody must write
   * @throws SoloError as {@link past}, before anything was changed
   */
  restore(point: Point, state: ServiceState, subject: Subject, still: () => Promise<void>): Promise<Restored> {
    return this.withPast(point, state, async (past) => {
      await still();
      const before = await this.#create(state, "before_restore", subject, undefined);
      const swaps = past.path === undefined ? [] : await this.#folders.prepare(this.#files, past.path);
      const { position } = await state.reset(past, originOf(past));
      if (swaps.length > 0) await this.#folders.swap(dirname(this.#options.folder), swaps);
      return { past, before, position };
    });
  }

  /**
   * {@link restore} for a state whose own files can't be read. They are set aside, and a new state takes their place.
   * @param alone runs what replaces the files while nobody has them open
   * @throws SoloError as {@link past}, before anything was changed
   */
  renew(point: Point, { still, alone }: Renewing): Promise<Renewed & { readonly past: SoundPast }> {
    return this.withPast(point, undefined, async (past) => {
      await still();
      const { folder, clock } = this.#options;
      const swaps = past.path === undefined ? [] : await this.#folders.prepare(this.#files, past.path);
      const own = onOwnLog(this.catalog.list()).map(({ position }) => position);
      // Nobody appends a million entries a second: what was ever counted, up to now, lies below the microseconds since 1970.
      const startAfter = Math.max(clock.now() * 1_000, ...own);
      const renewal = { folder: dirname(folder), clock, source: past, origin: originOf(past), startAfter, swaps };
      return { past, ...(await alone(() => renewState(renewal))) };
    });
  }

  /** @throws SoloError `not_found` */
  delete(id: string): Promise<StoredInfo | undefined> {
    return this.#inTurn(async () => {
      const damaged = this.catalog.damaged().find((copy) => copy.id === id);
      const info = damaged === undefined ? this.catalog.get(id) : undefined;
      await this.#shelf.remove(info?.id ?? id);
      return info;
    });
  }

  /** What {@link prune} would delete. */
  expired(retention: Retention): StoredInfo[] {
    return expired(this.catalog.list(), retention, this.#options.clock.now());
  }

  /**
   * Deletes what needn't be kept, and the log behind the oldest one that is.
   * @param keptLogBytes of a longer log the oldest checkpoints go
   */
  prune(retention: Retention, state: ServiceState | undefined, keptLogBytes = 2 ** 30): Promise<StoredInfo[]> {
    return this.#inTurn(async () => {
      const gone = this.expired(retention);
      for (const { id } of gone) await this.#shelf.remove(id);
      if (state === undefined) return gone;
      await this.#truncate(state);
      while (state.stats().wal_bytes > keptLogBytes) {
        const [oldest, ...others] = onOwnLog(this.catalog.list());
        if (oldest === undefined || others.length === 0) break;
        await this.#shelf.remove(oldest.id);
        gone.push(oldest);
        await this.#truncate(state);
      }
      return gone;
    });
  }

  /** Copies a checkpoint to a file of its own, after reading it whole. @throws SoloError `conflict` when the file exists */
  async export(id: string, file: string): Promise<StoredInfo> {
    const info = this.catalog.get(id);
    await this.#shelf.giveOut(info.id, file);
    return info;
  }

  /** The file of a checkpoint, after reading it whole. It may be removed any time, unless it is open. */
  async soundFile(id: string): Promise<string> {
    return (await this.#shelf.sound(id)).path;
  }

  /**
   * Takes a checkpoint from a file, after checking everything in it. It is not on the service's log, but can be restored.
   * @throws SoloError `storage_corrupt`, `data_too_new`, `file_not_found`, `conflict` when it is there already
   */
  async import(file: string): Promise<StoredInfo> {
    const found = await this.examine(file);
    return this.#inTurn(async () => {
      const { ref, clock } = this.#options;
      const now = clock.now();
      const { tenant, name: service } = ref;
      const foreign = found.foreign ?? { tenant: found.tenant, service: found.service };
      const id = newCheckpointId(now);
      const about = {
        ...found,
        id,
        tenant,
        service,
        created: now,
        reason: "import" as const,
        parent: found.id,
        foreign,
      };
      return this.#shelf.take(file, about);
    });
  }

  /**
   * What a file from elsewhere holds.
   * @throws SoloError as `import`
   */
  async examine(file: string): Promise<CheckpointInfo> {
    try {
      return await verifyCheckpoint(this.#files, file);
    } catch (error) {
      const problem = fileProblem(error, file);
      if (problem.code !== "not_found") throw problem;
      throw new SoloError("file_not_found", `there is no file ${file}`, {
        hint: "name a file of this machine that `solo checkpoint export` wrote",
      });
    }
  }

  /** Begins with a copy of a checkpoint, such as another service's, as what this state holds at a position of its own. */
  adopt(
    from: ServiceCheckpoints,
    base: StoredInfo,
    about: Subject & Pick<CheckpointInfo, "position" | "time" | "reason">,
  ): Promise<StoredInfo> {
    return this.#inTurn(async () => {
      const { ref, clock } = this.#options;
      const now = clock.now();
      const id = newCheckpointId(now);
      const copy = await from.#shelf.sound(base.id);
      const { stored_bytes: _, ...info } = base;
      const own = {
        tenant: ref.tenant,
        service: ref.name,
        id,
        created: now,
        parent: base.id,
        foreign: null,
      };
      return this.#shelf.take(copy.path, { ...info, ...about, ...own });
    });
  }

  /** Waits until nothing is being made or deleted. */
  async settled(): Promise<void> {
    await this.#last;
  }

  async #create(
    state: ServiceState,
    reason: CheckpointReason,
    subject: Subject,
    parent: string | undefined,
  ): Promise<StoredInfo> {
    const { ref, clock } = this.#options;
    await this.#shelf.prepare();
    const snapshot = state.snapshot();
    try {
      const created = clock.now();
      const about = {
        id: newCheckpointId(created),
        tenant: ref.tenant,
        service: ref.name,
        ...subject,
        created,
        position: snapshot.position,
        time: snapshot.time,
        reason,
        parent: parent ?? this.newest()?.id ?? null,
        foreign: null,
      };
      // The log must have all that the checkpoint has: what follows on it is applied to this.
      await state.commit(() => [], { origin: "checkpoint", durability: "sync" });
      const info = await this.#folders.still((files) =>
        this.#shelf.write(about, { entries: snapshot.all(), ...(files !== undefined && { files }) }),
      );
      await this.#shelf.copyToSecond(info.id);
      return info;
    } finally {
      snapshot.close();
    }
  }

  async #truncate(state: ServiceState): Promise<void> {
    const [oldest] = onOwnLog(this.catalog.list());
    if (oldest !== undefined && state.stats().begin_position <= oldest.position) {
      await state.truncateHistory(oldest.position + 1);
    }
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = (this.#last ?? Promise.resolve()).then(work);
    const settled = done.then(
      () => undefined,
      () => undefined,
    );
    this.#last = settled;
    return done;
  }
}

/** Who wrote the entry that a restore is. */
function originOf({ base }: SoundPast): string {
  return `restore:${base?.id ?? "log"}`;
}
