import { SoloError } from "../../api/error.ts";
import { StoreError } from "../../store/index.ts";
import { type Clock, SteadyClock } from "../../system/index.ts";
import { stateFailure } from "../failure/index.ts";
import type { ChangedKeys } from "./changed-keys.ts";
import { checkMutations } from "./check-mutations.ts";
import { type EntryEncoder, type EntryKind, entryKinds } from "./entry-format.ts";
import { type HistoryParts, StateHistory } from "./history.ts";
import { oldReplies, rememberedReply, rememberReply } from "./replies.ts";
import { replaceAll } from "./reset.ts";
import { StateSnapshot } from "./snapshot.ts";
import type { Space } from "./space.ts";
import type { Table } from "./table.ts";
import { TableFlusher } from "./table-flusher.ts";
import type {
  CommitOptions,
  Committed,
  LogRecord,
  Mutation,
  Range,
  ServiceState,
  Snapshot,
  StateChange,
  StateDurability,
  StateEntry,
  StateRecovery,
  StateSettings,
  StateSource,
  StateStats,
  Stored,
  View,
} from "./types.ts";
import { viewOf } from "./view.ts";

export interface StateParts extends HistoryParts {
  readonly table: Table;
  readonly encoder: EntryEncoder;
  readonly clock: Clock;
  readonly recovery: StateRecovery;
}

type Decide = (view: View) => readonly Mutation[] | SoloError;

/** How often old answers are looked for. */
const sweepMs = 60_000;

/** A state on its log: everything goes through {@link LoggedState.commit}, everything is read from memory. */
export class LoggedState implements ServiceState {
  readonly #parts: StateParts;
  readonly #flusher: TableFlusher;
  #table: Table;
  #settings: StateSettings;
  #position: number;
  /** The last position that was given out: a reset has one before it takes effect, and one that failed too. */
  #taken: number;
  #resetting: Promise<unknown> | undefined;
  #time: number;
  readonly #history: StateHistory;
  /** Commits that wait for room in the log, or for a reset: later ones wait behind them. */
  #queue: Promise<unknown> | undefined;
  #sweptAt: number;
  #closing: Promise<void> | undefined;

  constructor(parts: StateParts, settings: StateSettings) {
    const { log, disk } = parts;
    const clock = new SteadyClock(parts.clock, disk.mark.time);
    this.#parts = { ...parts, clock };
    this.#table = parts.table;
    this.#settings = settings;
    this.#position = parts.position;
    this.#taken = parts.position;
    this.#time = Math.max(disk.mark.time, 0);
    this.#history = new StateHistory(parts);
    this.#sweptAt = clock.monotonic();
    this.#flusher = new TableFlusher(
      {
        log,
        disk,
        point: () => ({ table: this.#table.snapshot(), position: this.#position, time: clock.now() }),
        beforeTimed: () => this.#sweep(),
        busy: () => this.#resetting,
      },
      settings.flush_ms,
    );
    this.configure(settings);
  }

  get position(): number {
    return this.#position;
  }

  get durability(): StateDurability {
    return this.#settings.durability;
  }

  get failure(): SoloError | undefined {
    const { failure } = this.#parts.log;
    return failure && stateFailure(failure);
  }

  get(space: Space, key: string): Stored | undefined {
    return this.#table.get(space, key);
  }

  page(space: Space, range?: Range): readonly StateEntry[] {
    return [...this.#table.entries(space, range)];
  }

  async *scan(space: Space, range?: Range): AsyncGenerator<StateEntry> {
    yield* this.#table.snapshot().entries(space, range);
  }

  commit(decide: Decide, options: CommitOptions): Promise<Committed> {
    try {
      if (this.#queue === undefined) {
        const done = this.#attempt(decide, options);
        if (done !== undefined) return done;
      }
    } catch (error) {
      return Promise.reject(stateFailure(error));
    }
    return this.#commitInTurn(decide, options);
  }

  async *watch(
    space: Space,
    options: { prefix?: string | undefined; after?: number | undefined; signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<StateChange> {
    const { prefix = "", after = this.#position, signal } = options;
    for await (const { position, time, mutations } of this.#history.follow(after, signal)) {
      for (const mutation of mutations) {
        if (mutation.space === space && mutation.key.startsWith(prefix)) yield { position, time, ...mutation };
      }
    }
  }

  snapshot(): Snapshot {
    return new StateSnapshot(this.#table.snapshot(), this.#position, this.#time);
  }

  history(after: number): AsyncGenerator<LogRecord> {
    return this.#history.after(after);
  }

  reset(source: StateSource, origin: string): Promise<{ readonly position: number }> {
    return this.#inTurn(() => {
      const done = this.#reset(source, origin).finally(() => {
        this.#resetting = undefined;
      });
      this.#resetting = done.then(noop, noop);
      return done;
    }).catch((error: unknown) => {
      throw stateFailure(error);
    });
  }

  async truncateHistory(before: number): Promise<number> {
    try {
      if (this.#parts.disk.mark.position < before - 1) await this.flush();
      return (await this.#history.truncate(before)) ?? this.#position + 1;
    } catch (error) {
      throw stateFailure(error);
    }
  }

  async flush(): Promise<void> {
    try {
      await this.#flusher.flush();
    } catch (error) {
      throw stateFailure(error);
    }
  }

  configure(settings: Partial<StateSettings>): void {
    this.#settings = { ...this.#settings, ...settings };
    this.#flusher.configure({ afterMs: this.#settings.flush_ms, patterns: this.#settings.flushed_at_once });
  }

  stats(): StateStats {
    const { disk, recovery } = this.#parts;
    const log = this.#parts.log.stats();
    return {
      position: this.#position,
      keys: this.#table.keys,
      bytes: this.#table.bytes,
      data_keys: this.#table.keysOf("data"),
      data_bytes: this.#table.bytesOf("data"),
      wal_bytes: log.tail - log.begin,
      wal_entries: log.entries,
      log,
      ...disk.stats,
      begin_position: this.#history.begin,
      flush_problem: this.#flusher.problem,
      recovery,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** What recovery took from the log is flushed with the next flush. */
  noteUnflushed(changed: ChangedKeys): void {
    this.#flusher.noteAll(changed);
  }

  async #close(): Promise<void> {
    const { log, disk, encoder, clock } = this.#parts;
    this.#flusher.stop();
    try {
      if (log.failure === undefined) {
        await this.#queue;
        await this.#flusher.flush();
        const mark = { position: this.#taken, time: clock.now(), origin: "kernel", mutations: [] };
        await log.appendDurably(encoder.encode(entryKinds.closed, mark));
      }
    } catch (error) {
      throw stateFailure(error);
    } finally {
      await Promise.allSettled([disk.close(), log.close()]);
    }
  }

  /** @returns undefined when the log has no room now */
  #attempt(decide: Decide, options: CommitOptions): Promise<Committed> | undefined {
    if (this.#closing !== undefined) throw new SoloError("not_running", "the state is closed");
    const { reply, origin } = options;
    const durability = options.durability ?? this.#settings.durability;
    const known = reply && rememberedReply(this.#table, reply);
    if (known !== undefined) {
      return this.#settled(undefined, durability, { position: known.version, remembered: known.answer });
    }
    const position = this.#taken + 1;
    const time = Math.max(this.#parts.clock.now(), this.#time);
    const decided = decide(viewOf(this.#table, { position: this.#position, next: position, time }));
    if (decided instanceof SoloError) throw decided;
    const refused = checkMutations(decided, this.#table, this.#settings.quota);
    if (refused !== undefined) throw refused;
    const mutations = reply === undefined ? decided : [...decided, rememberReply(reply, time, reply.answer())];
    if (mutations.length === 0) return this.#settled(undefined, durability, { position: this.#position });
    const address = this.#append(entryKinds.whole, { position, time, origin, mutations });
    if (address === undefined) return undefined;
    for (const mutation of mutations) {
      this.#table.apply(mutation, position);
      this.#flusher.note(mutation, position);
    }
    this.#appended({ position, time, address });
    return this.#settled(address, durability, { position });
  }

  /** @returns the address, or undefined when the log has no room now */
  #append(kind: EntryKind, record: LogRecord): number | undefined {
    const { log, encoder } = this.#parts;
    try {
      return log.append(encoder.encode(kind, record));
    } catch (error) {
      if (error instanceof StoreError && error.code === "busy") return undefined;
      throw error;
    }
  }

  #appended({ position, time, address }: { position: number; time: number; address: number }): void {
    this.#position = position;
    this.#taken = position;
    this.#time = time;
    this.#history.appended(position, address);
  }

  /** Resolves when a commit counts as done. */
  async #settled(address: number | undefined, durability: StateDurability, committed: Committed): Promise<Committed> {
    if (durability !== "sync") return committed;
    const { log } = this.#parts;
    try {
      if (address !== undefined) await log.waitForCommit(address);
      else if (log.committed < log.tail) await log.commit();
      return committed;
    } catch (error) {
      throw stateFailure(error);
    }
  }

  async #commitInTurn(decide: Decide, options: CommitOptions): Promise<Committed> {
    try {
      const done = await this.#inTurn(() => this.#whenThereIsRoom(decide, options));
      return await done();
    } catch (error) {
      throw stateFailure(error);
    }
  }

  /** A commit's own durability is not waited for in its turn: those behind it share its sync. */
  async #whenThereIsRoom(decide: Decide, options: CommitOptions): Promise<() => Promise<Committed>> {
    for (;;) {
      const done = this.#attempt(decide, options);
      if (done !== undefined) return () => done;
      await this.#parts.log.waitForRoom();
    }
  }

  /** Runs work when all before it is done, and keeps commits waiting meanwhile. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = (this.#queue ?? Promise.resolve()).then(work);
    const settled = done.then(noop, noop);
    this.#queue = settled;
    void settled.then(() => {
      if (this.#queue === settled) this.#queue = undefined;
    });
    return done;
  }

  async #reset(source: StateSource, origin: string): Promise<{ readonly position: number }> {
    if (this.#closing !== undefined) throw new SoloError("not_running", "the state is closed");
    const { log, clock } = this.#parts;
    const position = this.#taken + 1;
    const time = Math.max(clock.now(), this.#time);
    this.#taken = position;
    // Should it fail, a flush finds nothing of this position.
    this.#flusher.noteSince(position);
    const { table, address } = await replaceAll({
      before: this.#table,
      source,
      position,
      onDelete: (mutation) => this.#flusher.note(mutation, position),
      append: async (kind, mutations) => {
        for (;;) {
          const placed = this.#append(kind, { position, time, origin, mutations });
          if (placed !== undefined) return placed;
          await log.waitForRoom();
        }
      },
    });
    this.#table = table;
    this.#appended({ position, time, address });
    await log.commit();
    return { position };
  }

  #sweep(): void {
    const { clock } = this.#parts;
    if (clock.monotonic() - this.#sweptAt < sweepMs) return;
    this.#sweptAt = clock.monotonic();
    const old = oldReplies(this.#table, clock.now());
    // Nobody waits for it: what is not forgotten now is so by the next sweep.
    if (old.length > 0) this.commit(() => old, { origin: "kernel", durability: "async" }).catch(noop);
  }
}

function noop(): void {}
